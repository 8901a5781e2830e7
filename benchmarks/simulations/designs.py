"""How many votes it takes to call a cut, by who is made to meet whom."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from benchmarks.simulations.locks import called_by_mixture, looks_at
from benchmarks.simulations.tables import Row, Table, scaled, share
from benchmarks.simulations.worlds import Contest, Floats
from rating import Fit, Tally, arena_probabilities, fit, pair_probabilities, uniform_probabilities
from rating.fitting import ELO_PER_NAT

MOST_VOTES = 40_000
MOST_SHARE = 0.55

Rule = Callable[[Fit, Tally, int], Floats]


def uniform(board: Fit, tally: Tally, below: int) -> Floats:
    """All pairs alike."""
    return uniform_probabilities(tally.players)


def contrast(board: Fit, tally: Tally, below: int) -> Floats:
    """The pairs that tell most about the line, within the floor and the cap."""
    return pair_probabilities(board, tally, below)


def arena(board: Fit, tally: Tally, below: int) -> Floats:
    """Chatbot Arena's."""
    return arena_probabilities(board, tally)


RULES: tuple[Rule, ...] = (uniform, contrast, arena)


@dataclass(frozen=True, slots=True)
class Truth:
    """Strengths by their gaps, and the line."""

    name: str
    gaps: tuple[float, ...]
    """Elo points between neighbours, from the weakest up."""

    below: int
    runs: int
    judged: bool = False

    def strengths(self) -> Floats:
        """(n,), nats, the weakest first."""
        places = np.concatenate([[0.0], np.cumsum(self.gaps)])
        return places.astype(np.float64) / ELO_PER_NAT


TRUTHS = (
    Truth("12 players, 50 Elo between neighbours, the last falls", (50,) * 11, 1, 120, judged=True),
    Truth("12 players, 50 Elo between neighbours, 3 fall", (50,) * 11, 3, 120, judged=True),
    Truth("12 players, the last 50 Elo below 11 equals", (50,) + (0,) * 10, 1, 60),
    Truth("12 players, 50 Elo between neighbours but 25 at the line, the last falls", (25,) + (50,) * 10, 1, 60),
)


def designs(scale: float) -> Table:
    """The same contest under each design, called by the open-ended lock, which holds under any of them."""
    return Table(
        f"Votes until the cut is called (mixture) within {MOST_VOTES:,}; 30 % ties",
        f"Goal: contrast sampling takes at most {share(MOST_SHARE)} of the votes of uniform sampling for a gap of 50 "
        "Elo on a ladder. Votes on average, of those runs not called the most there are; and how many were called.",
        ("uniform", "contrast", "contrast / uniform", "Chatbot Arena"),
        tuple(partial(row, truth, scaled(truth.runs, scale)) for truth in TRUTHS),
    )


def row(truth: Truth, runs: int, random: np.random.Generator) -> Row:
    """The votes that each design takes."""
    taken = np.array([[votes_until_called(truth, rule, random) for rule in RULES] for _ in range(runs)])
    called = (taken > 0).mean(axis=0)
    votes = np.where(taken > 0, taken, MOST_VOTES).mean(axis=0)
    ratio = float(votes[1] / votes[0])
    cells = [f"{mean:,.0f} ({share(part)})" for mean, part in zip(votes, called, strict=True)]
    missed = [f"contrast took {share(ratio)} of uniform"] if truth.judged and ratio > MOST_SHARE else []
    return Row(truth.name, (*cells[:2], share(ratio), cells[2]), tuple(missed))


def votes_until_called(truth: Truth, rule: Rule, random: np.random.Generator) -> int:
    """The votes at which the cut was called; 0 if it was not. The design follows the board at every look."""
    strengths = truth.strengths()
    contest, tally = Contest(strengths), Tally.empty(strengths.size)
    board = fit(tally, apart=True)
    for before, votes in pairwise([0, *looks_at(MOST_VOTES)]):
        contest.play(random, tally, votes - before, rule(board, tally, truth.below))
        board = fit(tally, apart=True, start=board.strengths)
        if called_by_mixture(board, truth.below):
            return votes
    return 0
