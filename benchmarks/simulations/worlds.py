"""Made-up contests whose truth is known: players, voters with tastes of their own, and the votes they cast."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from rating import Ballots, Outcome, Tally
from rating.bradley_terry import gaps, most_likely_strengths

Floats = NDArray[np.float64]
Ids = NDArray[np.intp]

TIES = 0.3  # the share of votes for neither, unless a table says otherwise


@dataclass(frozen=True, slots=True)
class Voters:
    """Who votes, and how unequally often: by Zipf's law, voter v in proportion to 1 / v^steepness, or log-normally."""

    number: int
    steepness: float = 0.0
    spread: float = 0.0
    """The standard deviation of the logarithm of how often a voter votes."""

    taste: float = 0.0
    """nats, the standard deviation of what a voter sees in a player beside the player's strength."""

    def shares(self) -> Floats:
        """(number,), each voter's share of the votes."""
        place = np.arange(float(self.number))
        shares: Floats = (place + 1) ** -self.steepness * np.exp(self.spread * ndtri((place + 0.5) / self.number))
        shares /= shares.sum()
        return shares


def normal_strengths(random: np.random.Generator, players: int, spread: float) -> Floats:
    """Strengths (players,), nats, normal, mean zero."""
    strengths = random.normal(0, spread, players)
    centred: Floats = strengths - strengths.mean()
    return centred


def uniform_pairs(random: np.random.Generator, players: int, votes: int) -> tuple[Ids, Ids]:
    """Who meets whom, (votes,) each, every ordered pair alike."""
    first = random.integers(0, players, votes)
    return first, (first + random.integers(1, players, votes)) % players


def verdicts(random: np.random.Generator, p: Floats, ties: float = TIES) -> Ids:
    """Outcomes (votes,) where the first is expected to score p; the share of ties is about as asked.

    A tie takes the same from both sides, so that a tie as ½ keeps the expected score. Its chance is in proportion to
    the weaker side's.
    """
    weaker = np.minimum(p, 1 - p)
    tie = weaker * min(2.0, ties / max(float(weaker.mean()), 1e-9))
    drawn = random.random(p.size)
    return np.where(drawn < p - tie / 2, Outcome.A, np.where(drawn < p + tie / 2, Outcome.TIE, Outcome.B))


def cast(
    random: np.random.Generator, strengths: Floats, votes: int, voters: Voters | None = None, ties: float = TIES
) -> Ballots:
    """Votes on pairs drawn alike; without voters each vote is a draw of its own."""
    players = strengths.size
    first, second = uniform_pairs(random, players, votes)
    gap = strengths[first] - strengths[second]
    voter = None
    if voters is not None:
        voter = random.choice(voters.number, votes, p=voters.shares())
        tastes = random.normal(0, voters.taste, (voters.number, players))
        gap = gap + tastes[voter, first] - tastes[voter, second]
    outcome = verdicts(random, expit(gap), ties)
    return Ballots.from_arrays(first, second, outcome, players=players, voter=voter)


def strengths_at_large(strengths: Floats, taste: float) -> Floats:
    """The strengths (n,) that the votes of very many voters with such tastes lead to, pairs drawn alike; mean zero.

    Tastes pull expected scores towards ½: the answer solves the likelihood equations at their mean, which the
    mean of the logistic curve over a normal gap gives, by Gauss and Hermite's rule.
    """
    if taste == 0:
        return strengths
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    wide = np.sqrt(2) * taste * nodes
    scores = (expit(gaps(strengths)[:, :, None] + wide) * weights).sum(axis=2) / weights.sum()
    np.fill_diagonal(scores, 0.0)
    solution = most_likely_strengths(scores, 0.0)
    centred: Floats = solution - solution.mean()
    return centred


class Contest:
    """Players of known strengths whose pairs meet as often as a design says, counted by pair and not vote by vote."""

    def __init__(self, strengths: Floats, ties: float = TIES) -> None:
        """strengths: (n,), nats. The share of ties holds where all pairs meet alike."""
        self.players = strengths.size
        self.upper = np.triu_indices(self.players, 1)
        p = expit(gaps(strengths))[self.upper]
        weaker = np.minimum(p, 1 - p)
        tie = weaker * min(2.0, ties / float(weaker.mean()))
        self.chances = np.stack([p - tie / 2, 1 - p - tie / 2, tie, np.zeros_like(p)], axis=1)

    def play(self, random: np.random.Generator, tally: Tally, votes: int, probabilities: Floats) -> None:
        """Add votes to a tally. probabilities: (n, n), of the pairs, above the diagonal."""
        chances = probabilities[self.upper]
        met = random.multinomial(votes, chances / chances.sum())
        tally.counts[self.upper] += random.multinomial(met, self.chances)
