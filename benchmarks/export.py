"""How long the export of a round takes, and how much memory, with many ballots.

The floor is one SELECT of the same rows, in order, whose tuples are joined into lines and gzipped: no pseudonyms, no
JSON, no parts. Each runs in a process of its own; each battle has one turn. The first run of each warms up.

Run: DATABASE_URL=postgres://… python -m benchmarks.export [--votes 300000]
"""

import argparse
import gzip
import resource
import statistics
import tempfile
import time
from pathlib import Path

import psycopg

from benchmarks.sites import fresh_site, in_own_process, needs
from benchmarks.votes import leave_behind

RUNS = 3
LIMIT_SECONDS, LIMIT_MEMORY = 60, 300  # for a million ballots; MB
TURNS = """
    INSERT INTO arena_turn (battle_id, number, state, prompt, reply_a, reply_b, first_tick, ticks, fault, fault_side,
        started_at, ended_at, erased_at)
    SELECT id, 1, 'complete', '[]', '[]', '[]', 1, '[]', '', '', now(), now(), now() FROM arena_battle
"""
ROWS = """
    SELECT v.position, v.battle_id, a.slug, b.slug, v.winner, v.voter_id, v.counted_as, v.cast_at,
        (SELECT count(*) FROM arena_turn t WHERE t.battle_id = v.battle_id AND t.state IN ('complete', 'stopped'))
    FROM arena_vote v JOIN arena_battle d ON d.id = v.battle_id
        JOIN inference_entry a ON a.id = d.entry_a_id JOIN inference_entry b ON b.id = d.entry_b_id
    WHERE v.position IS NOT NULL ORDER BY v.position
"""
Cost = tuple[float, float, int]
"""Seconds, MB of the process at its largest, bytes of the file."""


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def publish(votes: int) -> None:
    """The board that knows all of them."""
    import django  # noqa: PLC0415  the environment comes first, here and below

    django.setup()
    from leaderboard.fold import fold  # noqa: PLC0415
    from leaderboard.models import Board, Round  # noqa: PLC0415

    fold(Round.objects.get(), anyway=True)
    assert Board.objects.latest("number").votes == votes


def exported() -> Cost:
    import django  # noqa: PLC0415

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        call_command("export_board", out=Path(folder), verbosity=0)
        seconds = time.perf_counter() - start
        return seconds, peak(), (Path(folder) / "ballots.jsonl.gz").stat().st_size


def floor(url: str) -> Cost:
    with tempfile.TemporaryDirectory() as folder, psycopg.connect(url) as database:
        file = Path(folder) / "rows.gz"
        start = time.perf_counter()
        with database.cursor(name="rows") as rows, gzip.open(file, "wb", compresslevel=6) as out:
            rows.itersize = 2000
            rows.execute(ROWS)
            while some := rows.fetchmany(2000):
                out.write("".join(",".join(map(str, row)) + "\n" for row in some).encode())
        return time.perf_counter() - start, peak(), file.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the export of a round on PostgreSQL.")
    parser.add_argument("--votes", type=int, default=300_000, help="ballots of the round (default 300,000)")
    votes = parser.parse_args().votes
    needs("DATABASE_URL")
    with fresh_site() as site:
        start = time.perf_counter()
        leave_behind(site, votes)
        with psycopg.connect(site["DATABASE_URL"], autocommit=True) as database:
            database.execute(TURNS)
            database.execute("VACUUM ANALYZE")
        in_own_process(site, publish, votes)
        print(f"export of {votes:,} ballots (made in {time.perf_counter() - start:.0f} s), medians of {RUNS}:")
        ours, floors = [], []
        for _ in range(RUNS + 1):
            ours.append(in_own_process(site, exported))
            floors.append(in_own_process(site, floor, site["DATABASE_URL"]))
    seconds, memory, size = map(statistics.median, zip(*ours[1:], strict=True))
    least, floor_memory, _ = map(statistics.median, zip(*floors[1:], strict=True))
    million = seconds * 1_000_000 / votes
    print(f"  {seconds:.1f} s, {seconds / least:.2f} × the floor's {least:.1f} s; {size / votes:.0f} bytes a ballot")
    print(f"  that is {million:.0f} s for a million, if each costs the same (goal {LIMIT_SECONDS})")
    print(f"  {memory:.0f} MB at most (goal {LIMIT_MEMORY}); the floor's process {floor_memory:.0f} MB")


if __name__ == "__main__":
    main()
