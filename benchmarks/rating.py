"""How long a board of the real 129 models takes, as ratios to a floor measured in the same run.

The floor of the fit is one Newton step that is handed its Hessian: a Cholesky factor and its inverse. The
floor of counting is one pass that only reads the votes. Run: python benchmarks/rating.py
"""

import importlib.metadata
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

# Threads cost more than they bring on matrices of this size, and many times more on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from rating import Fit, Tally, fit, read_ballots
from rating.bradley_terry import hessian
from rating.totals import totals_of

VOTES = 2_000_000


def median_seconds(work: Callable[[], object], rounds: int) -> float:
    """The median time of a piece of work after one round to warm up."""
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Print two lines, each with its floor."""
    data = importlib.metadata.distribution("leaderbot").locate_file("leaderbot/data/chatbotarena_20240814.json")
    _, tally = read_ballots(str(data))
    curvature = hessian(totals_of(tally).points, fit(tally).strengths, 0.5)
    everyone = np.eye(tally.players)

    def board() -> tuple[Fit, object]:
        fitted = fit(tally)
        return fitted, fitted.intervals()

    floor = median_seconds(lambda: cho_solve(cho_factor(curvature), everyone), 50)
    ours = median_seconds(board, 50)
    print(f"fit with intervals, {tally.players} players, {tally.votes:,} votes: {1000 * ours:.1f} ms,")
    print(f"  {ours / floor:.1f} × one Cholesky factor and inverse ({1000 * floor:.2f} ms)")

    random = np.random.default_rng(1)
    first = random.integers(0, tally.players, VOTES)
    second = (first + random.integers(1, tally.players, VOTES)) % tally.players
    outcome = random.integers(0, 4, VOTES)
    floor = median_seconds(lambda: (first.max(), second.max(), outcome.max()), 9)
    ours = median_seconds(lambda: Tally.empty(tally.players).add_many(first, second, outcome), 9)
    print(f"counting and checking {VOTES:,} votes: {1000 * ours:.1f} ms,")
    print(f"  {ours / floor:.1f} × one pass that reads them ({1000 * floor:.1f} ms)")


if __name__ == "__main__":
    main()
