"""How many votes a second one web process takes, and what a fold costs with millions of votes behind it.

Casting: 16 clients vote over HTTP on battles of their own in one round. The floor is a bare Django view with one
INSERT on the same PostgreSQL, the same pool and the same server (benchmarks/floor.py).
Folding: 100 new votes with many behind them, against the same with 10,000 behind them; each measured in fresh
processes, so that the first fold of each starts cold from the stored tally.

Run: DATABASE_URL=postgres://… python -m benchmarks.votes [--votes 10000000]
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import uvloop

from benchmarks.sites import Server, fresh_site, in_own_process, needs, uvicorn_of

CLIENTS = 16
VOTES_A_ROUND = 1600
ROUNDS = 7
FEW = 10_000
NEW = 100
FOLDS = 10
FOLD_ROUNDS = 9
NUMBERED = """
    SELECT i, md5('battle' || i)::uuid, md5('voter' || (i - 1) / 10)::uuid
    FROM generate_series(%s::bigint, %s::bigint) AS i
"""
WINNERS = ["a", "b", "tie", "both_bad"]
CSRF = "c" * 32

# Everything follows from the running number i: ten battles a voter, every ordered pair of entries in turn.
BATTLES = """
    WITH entry AS (SELECT array_agg(id ORDER BY id) AS ids, count(*) AS n FROM inference_entry)
    INSERT INTO arena_battle (id, terms_id, voter_id, entry_a_id, entry_b_id, propensity, state, created_at)
    SELECT md5('battle' || i)::uuid, (SELECT max(id) FROM arena_terms), md5('voter' || (i - 1) / 10)::uuid,
        ids[1 + i %% n], ids[1 + (i + 1 + i / n %% (n - 1)) %% n], 1.0 / (n * (n - 1)), %(state)s, now()
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i, entry ORDER BY 1
"""
VOTERS = """
    INSERT INTO arena_voter (id, created_at)
    SELECT md5('voter' || v)::uuid, now() FROM generate_series((%(first)s - 1) / 10, (%(last)s - 1) / 10) AS v
    ORDER BY 1 ON CONFLICT DO NOTHING
"""
TURNS = """
    INSERT INTO arena_turn (battle_id, number, state, prompt, reply_a, reply_b, first_tick, ticks, fault, fault_side,
        started_at, ended_at)
    SELECT md5('battle' || i)::uuid, number, 'complete', %(prompt)s, %(reply)s, %(reply)s, 1, %(ticks)s, '', '',
        now(), now()
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i, generate_series(1, 2) AS number
"""
VOTES = """
    INSERT INTO arena_vote (battle_id, gate_id, voter_id, winner, counted_as, position, cast_at)
    SELECT md5('battle' || i)::uuid, (SELECT max(id) FROM arena_gate), md5('voter' || (i - 1) / 10)::uuid,
        (%(winners)s::text[])[1 + i * 7919 / 10 %% 4], 1 + (i - 1) %% 10, CASE WHEN %(counted)s THEN i END, now()
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i ORDER BY i
"""
# Every fifth in English, the others in Korean; a third on code, one in seven long.
LABELS = """
    INSERT INTO arena_label (battle_id, rules, language, categories, style)
    SELECT md5('battle' || i)::uuid, 1, CASE WHEN i %% 5 = 0 THEN 'en' ELSE 'ko' END,
        (CASE WHEN i %% 3 = 0 THEN '{"code": {"fence": 1, "words": 2}}'::jsonb ELSE '{}'::jsonb END)
            || (CASE WHEN i %% 7 = 0 THEN '{"long": {"characters": 700}}'::jsonb ELSE '{}'::jsonb END),
        jsonb_build_object('length', jsonb_build_array(300 + i %% 800, 300 + i * 7 %% 900), 'headers',
            jsonb_build_array(i %% 3, i %% 4), 'lists', jsonb_build_array(i %% 9, i %% 6), 'bold',
            jsonb_build_array(i %% 5, i %% 8))
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i ORDER BY 1
"""
Database = psycopg.Connection[Any]


def parts(text: str) -> str:
    return json.dumps([{"type": "text", "text": text}])


def add_votable(database: Database, last: int) -> None:
    """Battles 1 to `last` as visitors leave them before the vote: two turns, answers of a usual length."""
    rows = {"first": 1, "last": last, "state": "open", "prompt": parts("Why is the sky blue? " * 4)}
    rows |= {"reply": parts("Because air scatters short waves more. " * 25), "ticks": json.dumps([[9, 9]] * 60)}
    for statement in (VOTERS, BATTLES, TURNS):
        database.execute(statement, rows)


def add_voted(database: Database, first: int, last: int, *, counted: bool) -> None:
    """Battles `first` to `last` with their votes; counted: with positions, as the sequencer leaves them behind."""
    rows = {"first": first, "last": last, "state": "voted", "winners": WINNERS, "counted": counted}
    for statement in (VOTERS, BATTLES, VOTES):
        database.execute(statement, rows)


# --- casting ---


def ballots_of(site: dict[str, str], port: int, first: int, last: int) -> list[list[bytes]]:
    """Ready requests for battles `first` to `last`, for each client those of its own voters."""
    voters: dict[int, list[bytes]] = {}
    with psycopg.connect(site["DATABASE_URL"]) as connection:
        rows = connection.execute(NUMBERED, [first, last]).fetchall()
    cookies = in_own_process(site, signed, sorted({str(voter) for _, _, voter in rows}))
    for i, battle, voter in rows:
        body = json.dumps({"winner": WINNERS[i % 4]})
        request = (
            f"POST /battles/{battle}/vote HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
            f"Cookie: visitor={cookies[str(voter)]}; csrftoken={CSRF}\r\nX-CSRFToken: {CSRF}\r\n"
            f"User-Agent: Mozilla/5.0 (benchmark)\r\nAccept: */*\r\nAccept-Language: ko-KR,ko;q=0.9,en;q=0.8\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )
        voters.setdefault((i - 1) // 10, []).append(request.encode())
    shares: list[list[bytes]] = [[] for _ in range(CLIENTS)]
    for voter, requests in voters.items():
        shares[voter % CLIENTS] += requests
    return shares


def signed(voters: list[str]) -> dict[str, str]:
    import django  # noqa: PLC0415  the environment comes first

    django.setup()
    from arena.visitors import SIGNER  # noqa: PLC0415

    return {voter: SIGNER.sign(voter) for voter in voters}


def seconds_for(port: int, shares: list[list[bytes]]) -> float:
    """How long the clients take together, each sending its next vote when the last is answered."""

    async def client(requests: list[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in requests:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0]))
            assert head.startswith(b"HTTP/1.1 201"), head + body
        writer.close()

    async def all_clients() -> float:
        start = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for requests in shares:
                group.create_task(client(requests))
        return time.perf_counter() - start

    return uvloop.run(all_clients())


def cast(site: dict[str, str], server: Server, first: int, last: int) -> tuple[float, float]:
    """Votes a second, and milliseconds of the server's processor a vote."""
    shares = ballots_of(site, server.port, first, last)
    before = server.cpu_seconds()
    seconds = in_own_process(site, seconds_for, server.port, shares)
    votes = last - first + 1
    return votes / seconds, 1000 * (server.cpu_seconds() - before) / votes


def batches() -> Iterator[tuple[int, int]]:
    """The numbers of the battles of each round; the first warms up."""
    for number in range(ROUNDS + 1):
        yield number * VOTES_A_ROUND + 1, (number + 1) * VOTES_A_ROUND


def measure_casting() -> None:
    with ExitStack() as started:
        site = started.enter_context(fresh_site())
        database = started.enter_context(psycopg.connect(site["DATABASE_URL"], autocommit=True))
        add_votable(database, (ROUNDS + 1) * VOTES_A_ROUND)
        in_own_process(site, make_floor, site["DATABASE_URL"])
        database.execute("VACUUM ANALYZE")
        ours = started.enter_context(uvicorn_of("config.asgi:application", site))
        floor = started.enter_context(uvicorn_of("benchmarks.floor:application", site))
        rounds = [(cast(site, ours, *batch), cast(site, floor, *batch)) for batch in batches()][1:]
        kept = database.execute(
            "SELECT (SELECT count(*) FROM arena_vote), (SELECT count(*) FROM floor_vote)"
        ).fetchone()
        assert kept == ((ROUNDS + 1) * VOTES_A_ROUND,) * 2, kept
    (our_rate, our_cpu), (floor_rate, floor_cpu) = (
        [statistics.median(one) for one in zip(*side, strict=True)] for side in zip(*rounds, strict=True)
    )
    print(f"casting, {CLIENTS} clients, {ROUNDS} rounds of {VOTES_A_ROUND} votes, medians:")
    print(f"  votes a second: {our_rate:.0f}, {our_rate / floor_rate:.2f} of the floor's {floor_rate:.0f} (goal .60)")
    print(f"  the server's processor: {our_cpu:.2f} ms a vote, the floor's {floor_cpu:.2f} ms")


def make_floor(url: str) -> None:
    from benchmarks.floor import TABLE  # noqa: PLC0415  configures Django for itself

    with psycopg.connect(url) as connection:
        connection.execute(TABLE)


# --- folding ---


@contextmanager
def indexed_afterwards(database: Database, table: str) -> Iterator[None]:
    """Fill a table first and index it then, with just the indexes it had: with each row, millions take an hour."""
    unique = database.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'u'",
        [table],
    ).fetchall()
    indexes = database.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        [table],
    ).fetchall()
    for name, _ in unique:
        database.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _ in indexes:
        database.execute(f"DROP INDEX {name}")
    yield
    for name, definition in unique:
        database.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for _, definition in indexes:
        database.execute(definition)


def leave_behind(site: dict[str, str], votes: int) -> None:
    """Votes 1 to `votes` as they are after their fold: with positions, and counted in the stored tally."""
    with psycopg.connect(site["DATABASE_URL"], autocommit=True) as database:
        database.execute("SET session_replication_role = replica")  # the rows fit each other by the way they are made
        database.execute("SET maintenance_work_mem = '1GB'")
        with indexed_afterwards(database, "arena_battle"), indexed_afterwards(database, "arena_vote"):
            add_voted(database, 1, votes, counted=True)
        database.execute(LABELS, {"first": 1, "last": votes})
        database.execute("UPDATE arena_sequence SET last = %s", [votes])
        database.execute("VACUUM ANALYZE")
        database.execute("CHECKPOINT")  # what the making has left to be written is not the fold's to wait for
    in_own_process(site, keep_state, votes)


def keep_state(votes: int) -> None:
    import django  # noqa: PLC0415  the environment comes first

    django.setup()
    from leaderboard.categories import store_counts, stored_counts  # noqa: PLC0415
    from leaderboard.counting import store, stored  # noqa: PLC0415
    from leaderboard.models import Folded  # noqa: PLC0415

    folded = Folded.objects.select_related("series__round__gate").get()
    folded.position = votes
    contest = folded.series.round
    store_counts(folded, stored_counts(folded, contest))
    store(folded, stored(folded, contest))
    folded.save()


def folds(url: str, behind: int) -> list[tuple[float, int]]:
    """Milliseconds and ballots read of folds of 100 new votes each, in a process that has folded nothing before."""
    import django  # noqa: PLC0415  the environment comes first

    django.setup()
    import leaderboard.fold as folding  # noqa: PLC0415
    from leaderboard.tasks import fold_open_rounds  # noqa: PLC0415

    ballots, read, made = folding.ballots, 0, []  # type: ignore[attr-defined]

    def counted_ballots(*args: Any, **kwargs: Any) -> Iterator[Any]:
        nonlocal read
        for ballot in ballots(*args, **kwargs):
            read += 1
            yield ballot

    folding.ballots = counted_ballots  # type: ignore[attr-defined]
    with psycopg.connect(url, autocommit=True) as database:
        for number in range(FOLDS):
            add_voted(database, behind + number * NEW + 1, behind + (number + 1) * NEW, counted=False)
            read, start = 0, time.perf_counter()
            fold_open_rounds()
            made.append((1000 * (time.perf_counter() - start), read))
    return made


def measure_folding(many: int) -> None:
    with fresh_site() as small, fresh_site() as large:
        start = time.perf_counter()
        leave_behind(small, FEW)
        leave_behind(large, many)
        print(f"folding, {NEW} new votes, with {many:,} behind them (made in {time.perf_counter() - start:.0f} s):")
        made: dict[int, list[list[tuple[float, int]]]] = {FEW: [], many: []}
        for number in range(FOLD_ROUNDS):
            done = number * FOLDS * NEW
            for site, behind in ((small, FEW), (large, many)):
                made[behind].append(in_own_process(site, folds, site["DATABASE_URL"], behind + done))
    warm = {behind: statistics.median(ms for fresh in made[behind] for ms, _ in fresh[1:]) for behind in made}
    cold = {behind: statistics.median(fresh[0][0] for fresh in made[behind]) for behind in made}
    read = {count for fresh in made[many] for _, count in fresh}
    print(f"  a fold: {warm[many]:.1f} ms, {warm[many] / warm[FEW]:.2f} × that with {FEW:,} behind (goal 1.2)")
    print(f"  the first fold of a fresh process: {cold[many]:.1f} ms, {cold[many] / cold[FEW]:.2f} × that with {FEW:,}")
    print(f"  ballots read by each fold, cold or warm: {', '.join(map(str, sorted(read)))}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure casting and folding of votes on PostgreSQL.")
    parser.add_argument("--votes", type=int, default=1_000_000, help="votes behind the large fold (default 1,000,000)")
    options = parser.parse_args()
    needs("DATABASE_URL")
    measure_casting()
    measure_folding(options.votes)


if __name__ == "__main__":
    main()
