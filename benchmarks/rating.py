"""How long ratings take, as ratios to peers and floors measured in the same run, on the same arrays.

Peers: evalica (point estimates), arena-rank (with intervals), choix (point estimates, no ties). They come from
requirements-bench.txt, into an environment of their own, because arena-rank fixes its numpy. What a peer needs made of
integer arrays before it can take them is not timed; what it does with that is. Every call is warmed up once.

Run: make bench-rating, or python -m benchmarks.rating --board chatbotarena.json [--quick]
"""

import argparse
import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Threads cost more than they bring on matrices of this size, and many times more on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray

from rating import Ballots, Live, Outcome, Tally, cut_probabilities, fit, rank_sets, read_ballots

Ids = NDArray[np.int64]
Arrays = tuple[Ids, Ids, Ids]


def median_seconds(work: Callable[[], object], rounds: int) -> float:
    """The median time of a piece of work after one round to warm up."""
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def median_seconds_by_turns(
    ours: Callable[[], object], other: Callable[[], object], rounds: int
) -> tuple[float, float]:
    """The median times of two pieces of work that take turns, so that a slow second of the machine falls on both."""
    pairs = [(median_seconds(ours, 5), median_seconds(other, 1)) for _ in range(rounds)]
    mine, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    return mine, theirs


def told(what: str, seconds: float, than: str, other: float, goal: str = "") -> None:
    print(f"  {what}: {1000 * seconds:.1f} ms; {than}: {1000 * other:,.1f} ms, {other / seconds:.1f} × ours{goal}")


# --- the peers, each a function of nothing that has its arrays ready ---


def told_evalica_of(arrays: Arrays, players: int) -> Callable[[], object] | None:
    """On arrays of ids, and told which there are."""
    return evalica_of(arrays, players, told_who=True)


def named_evalica_of(arrays: Arrays, players: int) -> Callable[[], object] | None:
    """As its manual calls it, by names."""
    first, second, outcome = arrays
    names = np.array([f"model-{player}" for player in range(players)])
    return evalica_of((names[first], names[second], outcome), players)


def evalica_of(arrays: tuple[Any, Any, Ids], players: int, *, told_who: bool = False) -> Callable[[], object] | None:
    """On arrays of ids, and a list of its own winners."""
    try:
        import evalica  # noqa: PLC0415  not there without requirements-bench.txt
        import pandas as pd  # noqa: PLC0415
    except ImportError:
        return None
    first, second, outcome = arrays
    words = [evalica.Winner.X, evalica.Winner.Y, evalica.Winner.Draw, evalica.Winner.Draw]
    winners = [words[kind] for kind in outcome.tolist()]
    index = pd.RangeIndex(players) if told_who else None
    return lambda: evalica.bradley_terry(first, second, winners, index=index)


def arena_rank_of(arrays: Arrays, players: int) -> Callable[[], object] | None:
    try:
        import pandas as pd  # noqa: PLC0415
        from arena_rank.models.bradley_terry import BradleyTerry  # noqa: PLC0415
        from arena_rank.utils.data_utils import PairDataset  # noqa: PLC0415
    except ImportError:
        return None
    first, second, outcome = arrays
    words = np.array(["model_a", "model_b", "tie", "tie"])
    frame = pd.DataFrame({"model_a": first, "model_b": second, "winner": words[outcome]})
    # Each fit knows more votes than the last: that is what a board does, and what makes it compile anew.
    known = iter(range(len(frame) - 20_000, len(frame), 1_000))

    def rated() -> object:
        dataset = PairDataset.from_pandas(frame.iloc[: next(known)])
        return BradleyTerry(n_competitors=players).compute_ratings_and_cis(dataset)

    return rated


def choix_of(arrays: Arrays, players: int) -> Callable[[], object] | None:
    try:
        import choix  # noqa: PLC0415
    except ImportError:
        return None
    first, second, outcome = arrays
    # It knows no ties, so it is given the decided votes only.
    won, lost = outcome == Outcome.A, outcome == Outcome.B
    winners = np.concatenate([first[won], second[lost]]).tolist()
    losers = np.concatenate([second[won], first[lost]]).tolist()
    data = list(zip(winners, losers, strict=True))
    return lambda: choix.ilsr_pairwise(players, data, alpha=0.01)


def against_peers(arrays: Arrays, players: int, ours: Callable[[], object], goals: dict[str, str], rounds: int) -> None:
    for name, make, times in (
        ("evalica by names, no intervals", named_evalica_of, rounds),
        ("evalica, no intervals", evalica_of, rounds),
        ("evalica told who plays, no intervals", told_evalica_of, rounds),
        ("arena-rank, with intervals", arena_rank_of, rounds),
        ("choix, decided votes, no intervals", choix_of, 1),
    ):
        peer = make(arrays, players)
        if peer is None:
            print(f"  {name}: not installed")
        else:
            mine, theirs = median_seconds_by_turns(ours, peer, times)
            told("ours", mine, name, theirs, goals.get(name.split(",")[0], ""))


# --- the claims ---


def real_board(board: Path, rounds: int) -> None:
    names, tally = read_ballots(board)
    arrays = expanded(tally)
    print(f"\nThe real board, {len(names)} players, {len(arrays[0]):,} votes, from integer arrays, with intervals:")

    def ours() -> object:
        counted = Tally.empty(len(names))
        counted.add_many(*arrays)
        return fit(counted).intervals()

    goals = {"evalica": " (goal 50)", "arena-rank": " (goal 300)"}
    against_peers(arrays, len(names), ours, goals, rounds)


def expanded(tally: Tally) -> Arrays:
    """The votes one by one, in a random order."""
    cells = np.argwhere(tally.counts)
    each = np.repeat(cells, tally.counts[tuple(cells.T)], axis=0)
    mixed = np.random.default_rng(1).permutation(each)
    return mixed[:, 0].copy(), mixed[:, 1].copy(), mixed[:, 2].copy()


def random_votes(players: int, votes: int) -> Arrays:
    random = np.random.default_rng(2)
    strengths = random.normal(0, 0.5, players)
    first = random.integers(0, players, votes)
    second = (first + random.integers(1, players, votes)) % players
    won = random.random(votes) < 1 / (1 + np.exp(strengths[second] - strengths[first]))
    tied = random.random(votes) < 0.3
    return first, second, np.where(tied, Outcome.TIE, np.where(won, Outcome.A, Outcome.B)).astype(np.int64)


def many_votes(votes: int, rounds: int) -> None:
    players = 100
    print(f"\n{votes:,} votes, {players} players, from int64 arrays to ratings with intervals:")
    arrays = random_votes(players, votes)

    def ours() -> object:
        counted = Tally.empty(players)
        counted.add_many(*arrays)
        return fit(counted).intervals()

    def read() -> object:
        return [each.max() for each in arrays]

    mine, floor = median_seconds_by_turns(ours, read, rounds)
    print(f"  ours: {1000 * mine:.1f} ms; one pass that only reads them: {1000 * floor:.1f} ms")
    print(f"  {mine / floor:.1f} × the pass (goal 6)")


def live_board(votes: int, voters: int, rounds: int) -> None:
    players, new = 30, 1000
    print(f"\nA full live board of {players} over {votes:,} votes of {voters:,} voters, {new:,} votes at a time:")
    arrays = random_votes(players, votes)
    voter = np.random.default_rng(3).integers(0, voters, votes)
    ballots = Ballots.from_arrays(*arrays, players=players, voter=voter)
    live = Live(players)
    behind = votes - 5 * rounds * new - new
    live.count(ballots.where(np.arange(behind)))
    starts = iter(range(behind, votes, new))

    def board() -> object:
        start = next(starts)
        made = live.advance(ballots.where(np.arange(start, start + new)))
        return made.intervals(), rank_sets(made), cut_probabilities(made, 3)

    ours = median_seconds(board, 5 * rounds)
    print("  ours: the new votes counted, fit, clustered intervals, rank sets, P(cut)")
    for name, peer in (
        ("evalica's bare fit by names", named_evalica_of(arrays, players)),
        ("evalica's bare fit", evalica_of(arrays, players)),
        ("evalica's told who plays", told_evalica_of(arrays, players)),
    ):
        if peer is None:
            print(f"  ours: {1000 * ours:.1f} ms; {name}: not installed")
        else:
            told("ours", ours, name, median_seconds(peer, rounds), " (goal 15)")


def memory(votes: int) -> None:
    players, voters = 30, votes // 10
    arrays = random_votes(players, votes)
    voter = np.random.default_rng(3).integers(0, voters, votes)
    print(f"\nMemory that {votes:,} votes of {voters:,} voters stay in, {players} players (goal 12 bytes a vote):")
    empty = size_of(lambda: Live(players).running)

    def kept() -> Live:
        live = Live(players)
        for start in range(0, votes, 100_000):
            part = slice(start, start + 100_000)
            live.count(Ballots.from_arrays(*(each[part] for each in arrays), players=players, voter=voter[part]))
        return live

    columns = size_of(lambda: Ballots.from_arrays(*arrays, players=players, voter=voter))
    print(f"  Ballots: {columns / votes:.1f} bytes a vote")
    print(f"  Live: {(size_of(kept) - empty) / votes:.1f} bytes a vote, and {empty / 1e6:.0f} MB whatever the votes")


def size_of(make: Callable[[], object]) -> int:
    """Bytes that what is made holds on to."""
    tracemalloc.start()
    held = make()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del held
    return size


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rating")
    parser.add_argument("--board", type=Path, required=True, help="Chatbot Arena's counts, as leaderbot ships them")
    parser.add_argument("--quick", action="store_true", help="fewer votes and rounds, to see that it runs")
    asked = parser.parse_args()
    rounds, scale = (1, 10) if asked.quick else (3, 1)
    real_board(asked.board, rounds)
    many_votes(10_000_000 // scale, 3 * rounds)
    live_board(1_000_000 // scale, 100_000 // scale, rounds)
    memory(1_000_000 // scale)


if __name__ == "__main__":
    main()
