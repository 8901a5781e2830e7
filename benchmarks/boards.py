"""From one vote to the board of 30 entries, categories included, with a million votes behind it.

The floor is the same fold on the same votes without categories: nothing labelled, counted or rated by the kind of
question. Both are measured in processes of their own, in turn. What comes before the fold is beat, which looks twice a
second, and what comes after it is the announcement, which benchmarks/liveness.py measures together with it.

Run: DATABASE_URL=postgres://… python -m benchmarks.boards [--votes 1000000]
"""

import argparse
import json
import statistics
import time

import psycopg

from benchmarks.sites import fresh_site, in_own_process, needs
from benchmarks.votes import add_voted, leave_behind, parts

ENTRIES = 30
FOLDS = 10
ROUNDS = 5
PREVIEWS = 4
LIMIT_SECONDS, LOOKS_EVERY = 1.0, 0.5
TURN = """
    INSERT INTO arena_turn (battle_id, number, state, prompt, reply_a, reply_b, first_tick, ticks, fault, fault_side,
        started_at, ended_at)
    VALUES (md5('battle' || %(vote)s)::uuid, 1, 'complete', %(prompt)s, %(reply)s, %(reply)s, 1, %(ticks)s, '', '',
        now(), now())
"""
SAID = {
    "prompt": parts("파이썬으로 x^2 + 3x = 10 을 푸는 코드를 짜고, 설명하는 글을 써 줘. " * 4),
    "reply": parts("## Answer\n\n- **Yes**: because air scatters short waves more. " * 25),
    "ticks": json.dumps([[9, 9]] * 60),
}


def seconds_of_folds(url: str, behind: int, *, categories: bool) -> list[float]:
    """How long the fold of one new vote takes, in a process that has folded once before."""
    import django  # noqa: PLC0415  the environment comes first

    django.setup()
    import leaderboard.fold as folding  # noqa: PLC0415
    from arena import sequence  # noqa: PLC0415
    from leaderboard.models import Board, ByCategory  # noqa: PLC0415
    from leaderboard.tasks import fold_open_rounds  # noqa: PLC0415

    if not categories:
        without(sequence, folding)
    made = []
    with psycopg.connect(url, autocommit=True) as database:
        for vote in range(behind + 1, behind + FOLDS + 2):
            add_voted(database, vote, vote, counted=False)
            database.execute(TURN, SAID | {"vote": vote})
            if not categories:
                database.execute(BARE_LABEL, {"vote": vote})
            start = time.perf_counter()
            fold_open_rounds()
            made.append(time.perf_counter() - start)
            board = Board.objects.latest("number")
            assert board.position == vote
            assert ByCategory.objects.filter(board=board).exists() == categories
    return made[1:]


def seconds_of_previews(url: str, behind: int) -> list[float]:
    """Of the processor, after the fold of one new vote, to work out who would be out; the first reads all votes."""
    import django  # noqa: PLC0415  the environment comes first

    django.setup()
    from leaderboard.cut.preview import preview_round, told  # noqa: PLC0415
    from leaderboard.models import Round  # noqa: PLC0415
    from leaderboard.tasks import fold_open_rounds  # noqa: PLC0415

    made, contest = [], Round.objects.select_related("series", "gate").get()
    with psycopg.connect(url, autocommit=True) as database:
        for vote in range(behind + 1, behind + PREVIEWS + 1):
            add_voted(database, vote, vote, counted=False)
            database.execute(TURN, SAID | {"vote": vote})
            fold_open_rounds()
            start = time.process_time()
            assert preview_round(contest)
            made.append(time.process_time() - start)
            assert told(contest)["preview"]["position"] == vote
    return made


BARE_LABEL = "INSERT INTO arena_label (battle_id, rules) VALUES (md5('battle' || %(vote)s)::uuid, 1)"


def without(sequence: object, folding: object) -> None:
    """Take all that categories cost out of this process; the vote's label is there already."""
    for module, name in (
        (sequence, "label_awaiting"),
        (folding, "count"),
        (folding, "publish_categories"),
        (folding, "store_counts"),
        (folding, "stored_counts"),
    ):
        setattr(module, name, lambda *_: None)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a board after one vote, categories included, on PostgreSQL.")
    parser.add_argument("--votes", type=int, default=1_000_000, help="votes behind it (default 1,000,000)")
    behind = parser.parse_args().votes
    needs("DATABASE_URL")
    with fresh_site(ENTRIES) as site:
        start = time.perf_counter()
        leave_behind(site, behind)
        print(f"one vote, {ENTRIES} entries, {behind:,} votes behind it (made in {time.perf_counter() - start:.0f} s):")
        ours: list[float] = []
        floors: list[float] = []
        for number in range(ROUNDS):
            done = behind + number * 2 * (FOLDS + 1)
            url = site["DATABASE_URL"]
            ours += in_own_process(site, seconds_of_folds, url, done, categories=True)
            floors += in_own_process(site, seconds_of_folds, url, done + FOLDS + 1, categories=False)
        cold, *warm = in_own_process(site, seconds_of_previews, url, behind + ROUNDS * 2 * (FOLDS + 1))
    middle, least = statistics.median(ours), statistics.median(floors)
    print(f"  a fold: {1000 * middle:.0f} ms (slowest {1000 * max(ours):.0f}), {middle / least:.2f} × the floor's")
    print(f"  the floor, without categories: {1000 * least:.0f} ms (slowest {1000 * max(floors):.0f})")
    print(
        f"  with beat's look every {LOOKS_EVERY} s at most {max(ours) + LOOKS_EVERY:.2f} s (goal {LIMIT_SECONDS:.0f})"
    )
    print(
        f"  who would be out if it ended now, once a minute: {statistics.median(warm):.1f} s of the worker's "
        f"processor, the first time {cold:.1f} s"
    )


if __name__ == "__main__":
    main()
