"""How often a cut is called wrongly, or at all, by somebody who looks all the time."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from scipy.special import ndtri

from benchmarks.simulations.tables import Row, Table, beyond, scaled, share
from benchmarks.simulations.worlds import Contest, Floats
from rating import Fit, Tally, fit, uniform_probabilities
from rating.fitting import ELO_PER_NAT
from rating.lock import bounds_of, line_of, standing_of

DEADLINE = 20_000  # votes
ALPHA = 0.05
FIRST, GROWTH = 50, 1.04  # votes at the first look, and by how much they grow from look to look
RULES = ("naive", "Bonferroni", "deadline only", "reflection", "mixture")
LADDER = 50.0  # Elo points between neighbours that are not tied


@dataclass(frozen=True, slots=True)
class Truth:
    """Whom the cut is about; the weakest of them falls."""

    name: str
    players: int
    tied: int
    """How many players are the weakest together, exactly tied: whoever is called, then, is called wrongly."""

    runs: int

    def strengths(self) -> Floats:
        """(n,), nats, the weakest first."""
        places = np.maximum(np.arange(self.players) - (self.tied - 1), 0)
        return places.astype(np.float64) * (LADDER / ELO_PER_NAT)


TRUTHS = (
    Truth("2 players, tied", 2, 2, 1200),
    Truth("12 players, the last 2 tied", 12, 2, 1200),
    Truth("12 players, the last 3 tied", 12, 3, 600),
    Truth("12 players, 50 Elo between neighbours", 12, 1, 400),
)


def locks(scale: float) -> Table:
    """Every rule's verdicts on the same votes, pairs drawn alike."""
    looks = sum(1 for _ in looks_at(DEADLINE))
    return Table(
        f"Calling the last of a board within {DEADLINE:,} votes, looked at {looks} times; 30 % ties",
        f"Goal: reflection and mixture call a tie at most {share(ALPHA)} of the time, give or take two standard errors "
        "of the simulation. Where nobody is tied: how often the cut was called, how often wrongly, and after how many "
        "votes on average, the deadline where it was not.",
        RULES,
        tuple(partial(row, truth, scaled(truth.runs, scale)) for truth in TRUTHS),
    )


def looks_at(most: int) -> Iterator[int]:
    """The numbers of votes at which the board is looked at."""
    votes = float(FIRST)
    while votes < most:
        yield round(votes)
        votes *= GROWTH
    yield most


def row(truth: Truth, runs: int, random: np.random.Generator) -> Row:
    """What each rule did over so many runs."""
    found = [called(truth, random) for _ in range(runs)]
    votes = np.array([[votes for votes, _ in run] for run in found])
    right = np.array([[right for _, right in run] for run in found]) & (truth.tied == 1)
    locked = votes > 0
    ever, wrong = locked.mean(axis=0), (locked & ~right).mean(axis=0)
    cells = [share(value) for value in ever]
    if truth.tied == 1:
        taken = np.where(locked, votes, DEADLINE).mean(axis=0)
        cells = [f"{share(a)}, {share(b)} wrong, {c:,.0f}" for a, b, c in zip(ever, wrong, taken, strict=True)]
    missed = [
        f"{rule} called wrongly in {share(value)}"
        for rule, value in zip(RULES, wrong, strict=True)
        if rule in {"reflection", "mixture"} and beyond(value, ALPHA, runs)
    ]
    return Row(truth.name, tuple(cells), tuple(missed))


def called(truth: Truth, random: np.random.Generator) -> list[tuple[int, bool]]:
    """For each rule the votes at which it first called the cut, 0 if never, and whether it called the weakest."""
    strengths = truth.strengths()
    contest, alike = Contest(strengths), uniform_probabilities(truth.players)
    tally, start = Tally.empty(truth.players), None
    first: list[tuple[int, bool]] = [(0, False)] * len(RULES)
    for before, votes in pairwise([0, *looks_at(DEADLINE)]):
        contest.play(random, tally, votes - before, alike)
        board = fit(tally, apart=True, start=start)
        start = board.strengths
        right = bool(board.ranks()[0] == truth.players)
        for place, calls in enumerate(verdicts(board, votes)):
            if calls and not first[place][0]:
                first[place] = (votes, right)
    return first


def verdicts(board: Fit, votes: int) -> list[bool]:
    """Whether each rule calls the last player now."""
    ids, line = line_of(board, 1, None)
    standing = standing_of(board, ids, DEADLINE, None)
    z, information = standing.z[:line, line], standing.information[:line, line]
    assert standing.share is not None
    return [
        bool((z > ndtri(1 - ALPHA)).all()),
        bool((z > ndtri(1 - ALPHA / len(ids))).all()),
        votes == DEADLINE and bool((z > ndtri(1 - ALPHA / 2)).all()),
        bool((z >= bounds_of(information, standing.share[:line, line], ALPHA / 2)).all()),
        called_by_mixture(board, 1),
    ]


def called_by_mixture(board: Fit, below: int) -> bool:
    """What `lock_verdict` says without a deadline, without the time it takes to say more."""
    ids, line = line_of(board, below, None)
    standing = standing_of(board, ids, None, None)
    bounds = bounds_of(standing.information, None, ALPHA / 2)
    return bool((standing.z >= bounds)[:line, line:].all())
