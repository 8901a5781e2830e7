"""The generalised sequential probability ratio test of chess engine testers, for every pair of a field.

Of N results between two entries, a tie being ½, with mean x̄ and variance v̂ = mean of squares − x̄², the logarithm of the
likelihood ratio of "the gap is g₁" to "the gap is g₀" is about

    LLR = N (s₁ − s₀)(2x̄ − s₀ − s₁)/(2v̂),    s = 1/(1 + 10^(−g/400)),

each hypothesis taking the likeliest of all distributions with its mean. g₁ is accepted at log((1 − β)/α), g₀ at
log(β/(1 − α)), and the test is over. Van den Bergh, "A practical introduction to the GSPRT", as fishtest computes it
(`LLR_alt2` in its LLRcalc.py); Li, Liu & Ying (2014), Sequential Analysis 33(4).

Testers play pairs of games with colours reversed and count five results, for the two games of a pair go together. Here
a voter has one vote on a pair, in a field of five or more: votes on it are independent, and results are three.
"""

import math

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulations.worlds import Floats

ALPHA = 0.025  # of each direction: between equals one of the two is accepted in 5 %
BETA = 0.05
NONE_BEFORE = 20  # results of a pair, whose variance says too little; testers look after batches, too
EMPTY = 1e-3  # in the place of a result that never came, as testers have it
VALUES = np.array([0.0, 0.5, 1.0])


def log_likelihood_ratio(results: Floats, gap: float) -> Floats:
    """LLR of a gap, Elo points, to none. results: (…, 3), losses, ties, wins."""
    results = np.where(results == 0, EMPTY, results)
    number = results.sum(axis=-1)
    mean = results @ VALUES / number
    variance = results @ VALUES**2 / number - mean**2
    none, some = 0.5, 1 / (1 + 10 ** (-gap / 400))
    ratio: Floats = number * (some - none) * (2 * mean - none - some) / (2 * variance)
    return ratio


def results_of(counts: Floats) -> Floats:
    """Losses, ties and wins of each against each, (n, n, 3), from counts (n, n, 4) of ordered pairs."""
    wins = counts[:, :, 0] + counts[:, :, 1].T
    ties = counts[:, :, 2:].sum(axis=2)
    return np.stack([wins.T, ties + ties.T, wins], axis=-1)


class Trials:
    """For every ordered pair a test of "the first is stronger by so much" against "it is not", over once decided."""

    def __init__(self, players: int, gap: float) -> None:
        """gap: Elo points, what the tests look for."""
        self.gap = gap
        self.stronger: NDArray[np.bool_] = np.zeros((players, players), dtype=np.bool_)
        self.not_stronger = self.stronger.copy()

    def look(self, counts: Floats) -> None:
        """Decide what can be decided, from counts (n, n, 4)."""
        results = results_of(counts)
        ratio = log_likelihood_ratio(results, self.gap)
        going_on = ~(self.stronger | self.not_stronger) & (results.sum(axis=-1) >= NONE_BEFORE)
        self.stronger |= going_on & (ratio >= math.log((1 - BETA) / ALPHA))
        self.not_stronger |= going_on & (ratio <= math.log(BETA / (1 - ALPHA)))

    def weakest(self) -> int | None:
        """Who was shown to be weaker than all others."""
        shown = np.flatnonzero(self.stronger.sum(axis=0) == len(self.stronger) - 1)
        return int(shown[0]) if shown.size else None

    def hopeful(self) -> list[int]:
        """Who may still be shown to be so: stronger than nobody, and with nobody of whom neither was the stronger."""
        tied = self.not_stronger & self.not_stronger.T
        return np.flatnonzero(~(self.stronger | tied).any(axis=1)).tolist()
