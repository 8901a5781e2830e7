"""What a cut costs and how often it is wrong, in rounds of voters with caps: one table of goals and figures.

Ends with status 1 if a goal is missed. Seeds are fixed; a part of the runs is a look and no judgement.
Run: python -m benchmarks.cuts [--share .05] [--processes 2]
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

# Matrices are small: threads cost more than they bring.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy.stats import binomtest

from benchmarks.simulations.calls import (
    ALPHA,
    Rule,
    arena,
    by_a_deadline,
    contrast,
    locked,
    raced,
    told,
    uniform,
)
from benchmarks.simulations.cuts import OFF, SPREAD
from benchmarks.simulations.rounds import Round, looks, strengths_of
from benchmarks.simulations.tables import Row, Table, scaled, share, shown
from benchmarks.simulations.worlds import Floats
from rating import cut_probabilities, pair_probabilities, uniform_probabilities
from rating.lock import USUAL_GAP

SEED = 20260611
PIECE = 25  # runs that a process makes at a time
GAP = 50.0  # Elo points at the line, and from there on between neighbours
MOST_SHARE = 0.55
RUNS = 200
LADDER = np.array([0.0, 1.0, 2.0, 3.0, 4.0]) * GAP
TIED = np.array([0.0, 0.0, 1.0, 2.0, 3.0]) * GAP
TWO_TIED = np.zeros(2)
MOST = 15_000  # votes of a round
MOST_TIED = 5_000
TIED_GROWTH = 1.1
DEADLINES = [votes for votes in looks(5_000, 1.04) if votes > 400]
BETA = 0.05  # of a test by a deadline, as of a GSPRT: how often a gap of 50 Elo is not called
FIELDS = ((5, 1), (8, 2))  # entries, and how many fall, where P(cut) is tried
FEWEST, MOST_VOTES = 20, 500  # an entry's votes there, log-uniform

Run = Callable[[np.random.Generator], Floats]


@dataclass(frozen=True, slots=True)
class Study:
    """One thing that is simulated, so many times."""

    runs: int
    run: Run


def of_lock(elo: Floats, rule: Rule, most: int, growth: float, random: np.random.Generator) -> Floats:
    """The site's lock: votes cast, counted, called, rightly."""
    return np.array(locked(random, strengths_of(elo), rule, most, growth), dtype=np.float64)


def of_race(elo: Floats, gap: float, steer: float | None, random: np.random.Generator) -> Floats:
    """A GSPRT of every pair: the same."""
    return np.array(raced(random, strengths_of(elo), gap, steer, MOST), dtype=np.float64)


def of_told(elo: Floats, gap: float, random: np.random.Generator) -> Floats:
    """A GSPRT that knows who is at the line: the same."""
    return np.array(told(random, strengths_of(elo), gap, MOST), dtype=np.float64)


def of_deadlines(elo: Floats, random: np.random.Generator) -> Floats:
    """A test at each deadline: whether it calls."""
    return by_a_deadline(random, strengths_of(elo), DEADLINES)


def of_chances(random: np.random.Generator) -> Floats:
    """P(cut) of all entries of a round of a random length, then whether each truly is below, 8 and 8 numbers or −1."""
    players, below = FIELDS[random.integers(len(FIELDS))]
    strengths = random.normal(0, SPREAD, players)
    votes = int(players / 2 * FEWEST * (MOST_VOTES / FEWEST) ** random.random())
    contest, chances = Round(random, strengths, votes), uniform_probabilities(players)
    for stop in np.unique(np.linspace(0, votes, 6).astype(int))[1:]:
        contest.play(int(stop) - contest.cast, chances)
        board = contest.board()
        chances = pair_probabilities(board, contest.tally(), below)
    found = np.full((2, max(players for players, _ in FIELDS)), -1.0)
    found[0, :players] = cut_probabilities(board, below, draws=2000)
    found[1, :players] = np.argsort(np.argsort(strengths)) < below
    return found.ravel()


STUDIES: dict[str, Study] = {
    "contrast": Study(RUNS, partial(of_lock, LADDER, contrast, MOST, 1.06)),
    "uniform": Study(RUNS, partial(of_lock, LADDER, uniform, MOST, 1.06)),
    "arena": Study(RUNS, partial(of_lock, LADDER, arena, MOST, 1.06)),
    "deadlines": Study(RUNS, partial(of_deadlines, LADDER)),
    "deadlines, tied": Study(RUNS, partial(of_deadlines, TIED)),
    "GSPRT": Study(RUNS, partial(of_race, LADDER, GAP, None)),
    "GSPRT, tied": Study(RUNS, partial(of_race, TIED, GAP, None)),
    "GSPRT, as the site": Study(RUNS, partial(of_race, LADDER, USUAL_GAP, 0.5)),
    "GSPRT, as the site, tied": Study(RUNS, partial(of_race, TIED, USUAL_GAP, 0.5)),
    "GSPRT, as the site, 50": Study(RUNS, partial(of_race, LADDER, GAP, 0.5)),
    "GSPRT, all steered": Study(RUNS, partial(of_race, LADDER, GAP, 1.0)),
    "GSPRT, told": Study(RUNS, partial(of_told, LADDER, GAP)),
    "tied": Study(4000, partial(of_lock, TIED, contrast, MOST_TIED, TIED_GROWTH)),
    "two tied": Study(1500, partial(of_lock, TWO_TIED, contrast, MOST_TIED, TIED_GROWTH)),
    "chances": Study(4000, of_chances),
}


def piece(name: str, run: Run, first: int, last: int) -> Floats:
    """Runs first … last − 1 of a study, (runs, …): each has a generator of its own, whoever makes it."""
    return np.stack([run(np.random.default_rng([SEED, *name.encode(), number])) for number in range(first, last)])


def simulated(studies: Mapping[str, Study], part: float, processes: int) -> Iterator[tuple[str, Floats]]:
    """Each study with its runs, (runs, …); several processes make them, and progress is printed."""
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        pending: dict[str, list[Future[Floats]]] = {}
        for name, study in studies.items():
            runs = scaled(study.runs, part)
            starts = range(0, runs, PIECE)
            pending[name] = [pool.submit(piece, name, study.run, start, min(start + PIECE, runs)) for start in starts]
        begun = time.monotonic()
        for name, pieces in pending.items():
            found = np.concatenate([made.result() for made in pieces])
            print(f"{time.monotonic() - begun:5.0f} s: {len(found):,} × {name}", file=sys.stderr, flush=True)
            yield name, found


def table_of(found: Mapping[str, Floats]) -> Table:
    """The table of goals and figures."""
    rows = [*rows_of_votes(found), *rows_of_ties(found), row_of_chances(found["chances"])]
    return Table(
        "What a cut costs, and how often it is wrong",
        f"Rounds of voters with caps. Five entries {GAP:.0f} Elo apart, one falls. Votes on average until the cut is "
        "called, in brackets how often it was, and of these how often wrongly; 30 % ties. α = .05 of all, β = .05 of "
        "those with a deadline or by GSPRT.",
        ("figure", "goal", ""),
        tuple(partial(given, row) for row in rows),
    )


def given(row: Row, random: np.random.Generator) -> Row:
    """A row that is known."""
    return row


def judged(name: str, figure: str, goal: str, met: bool) -> Row:
    """A row with a goal."""
    return Row(name, (figure, goal, "met" if met else "MISSED"), () if met else (figure,))


def rows_of_votes(found: Mapping[str, Floats]) -> Iterator[Row]:
    """What it takes to call a gap of 50 Elo."""
    ours = found["contrast"][:, 0].mean()
    yield Row("the lock, the site's pairing", (votes_of(found["contrast"]), "", ""))
    deadline, power = planned(found["deadlines"])
    wrong = found["deadlines, tied"].mean(axis=0)[DEADLINES.index(deadline)]
    yield judged(
        "÷ a test at a fixed deadline, uniform pairing",
        f"{ratio_of(ours / deadline)} of {deadline:,} ({share(power)}); a tie {share(wrong)}",
        f"≤ {share(MOST_SHARE)}",
        bool(ours <= MOST_SHARE * deadline),
    )
    for name, what in (
        ("GSPRT", f"÷ a GSPRT of every pair, for {GAP:.0f} Elo, uniform pairing"),
        ("GSPRT, as the site", f"÷ the same, for {USUAL_GAP:.0f} Elo as the lock is, steered by the site's rules"),
    ):
        votes, tie = found[name][:, 0].mean(), found[f"{name}, tied"][:, 2].mean()
        figure = f"{ratio_of(ours / votes)} of {votes_of(found[name])}; a tie {share(tie)}"
        yield judged(what, figure, "≤ 1", bool(ours <= votes))
    for name, what in (
        ("GSPRT, as the site, 50", f"÷ the same, told that the gap is {GAP:.0f} Elo"),
        ("GSPRT, all steered", "÷ the same, steered without rules"),
        ("GSPRT, told", "÷ the same, told which two stand at the line, who alone meet"),
        ("uniform", "÷ the lock, uniform pairing"),
        ("arena", "÷ the lock, Chatbot Arena's pairing"),
    ):
        cast, counted = found[name][:, :2].mean(axis=0)
        also = f", {counted:,.0f} of them counted" if counted < cast else ""
        yield Row(what, (f"{ratio_of(ours / cast)} of {votes_of(found[name])}{also}", "", "to compare"))


def ratio_of(value: float) -> str:
    """A ratio as the table prints it: .53, 1.19."""
    return f"{value:.2f}".removeprefix("0")


def votes_of(calls: Floats) -> str:
    """Votes cast on average, and how many runs called the cut, and wrongly."""
    cast, _, called, right = calls.mean(axis=0)
    return f"{cast:,.0f} ({share(called)}, {share(called - right)} wrong)"


def planned(calls: Floats) -> tuple[int, float]:
    """The first deadline from which on a test calls the gap as often as it should, and how often it does there."""
    power = calls.mean(axis=0)
    late = np.flatnonzero(power < 1 - BETA)
    place = min(int(late[-1]) + 1 if late.size else 0, len(DEADLINES) - 1)
    return DEADLINES[place], float(power[place])


def rows_of_ties(found: Mapping[str, Floats]) -> Iterator[Row]:
    """How often a tie at the line is called, which is wrong whoever is."""
    for name, what in (
        ("tied", f"the last two of five exactly tied: called within {MOST_TIED:,} votes"),
        ("two tied", "two entries, exactly tied: the same"),
    ):
        wrong = int(found[name][:, 2].sum())
        interval = binomtest(wrong, len(found[name])).proportion_ci(0.95)
        figure = f"{share(wrong / len(found[name]))} ({share(interval.low)} to {share(interval.high)})"
        yield judged(what, figure, f"lower end ≤ {share(ALPHA)}", bool(interval.low <= ALPHA))


def row_of_chances(found: Floats) -> Row:
    """Deciles of P(cut) beside how often those in them were truly below."""
    chances, below = (side[side >= 0] for side in np.split(found, 2, axis=1))
    decile = np.minimum((chances * 10).astype(int), 9)
    number = np.bincount(decile, minlength=10)
    off = (np.bincount(decile, below, 10) - np.bincount(decile, chances, 10)) / np.maximum(number, 1)
    worst = int(np.argmax(np.abs(off)))
    figure = (
        f"{share(float(np.abs(off[worst])))} where {worst / 10:.1f}–{(worst + 1) / 10:.1f} is said "
        f"({number[worst]:,} of {number.sum():,})"
    )
    name = "P(cut), 1 of 5 and 2 of 8 fall: the decile farthest from what came true"
    return judged(name, figure, f"≤ {share(OFF)}", bool((np.abs(off) <= OFF).all()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; returns the exit status, 1 if a goal is missed by the whole simulation."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cuts", description="What a cut costs.")
    parser.add_argument("--share", type=float, default=1.0, help="of the runs, in (0, 1]: a look, no judgement")
    parser.add_argument("--processes", type=int, default=2, help="how many work side by side")
    asked = parser.parse_args(arguments)
    if not 0 < asked.share <= 1 or asked.processes < 1:
        parser.error("a share lies in (0, 1], and one process is the least")
    table = table_of(dict(simulated(STUDIES, asked.share, asked.processes)))
    rows = [work(np.random.default_rng(0)) for work in table.rows]
    print(shown(table, rows))
    return 1 if any(row.missed for row in rows) and asked.share == 1 else 0


if __name__ == "__main__":
    sys.exit(main())
