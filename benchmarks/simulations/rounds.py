"""Rounds as the site plays them: voters of unequal zeal who come back, tastes of their own, and the caps on both."""

from collections.abc import Iterator
from math import ceil, comb

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks.simulations.worlds import Floats, Ids, strengths_at_large, verdicts
from rating import Fit, Tally
from rating.fitting import ELO_PER_NAT
from rating.live import Running
from rating.outcomes import POINTS

VOTER_CAP = 10  # counted votes of a voter; more are not cast here
TASTE = 0.8  # nats: voters differ by 139 Elo points about each entry
SAME_SITTING = 0.5  # of a voter's further votes; each other one comes later
LATER = 0.1  # by how much of the round so far, exponential on the logarithm
FIRST, GROWTH = 60, 1.06  # votes at the first look, and by how much they grow from look to look

SCORES = np.array(POINTS)


def looks(most: int, growth: float = GROWTH) -> Iterator[int]:
    """The numbers of votes at which the board is looked at, and pairs are given new chances."""
    votes = float(FIRST)
    while votes < most:
        yield round(votes)
        votes *= growth
    yield most


def strengths_of(elo: Floats) -> Floats:
    """True strengths, nats, that lead very many such voters to these ratings; see `strengths_at_large`."""
    wanted: Floats = (elo - elo.mean()) / ELO_PER_NAT
    strengths = wanted.copy()
    for _ in range(20):
        strengths += wanted - strengths_at_large(strengths, TASTE)
    return strengths


class Round:
    """Voters come, each with a number of votes M in mind, P(M ≥ m) = 1/m, and cast them at once or later on.

    So one voter in fifteen has used up the cap at any time, and cast a quarter of all votes within it; every second
    has one vote. On one pair a voter casts ⌈10/pairs⌉ at most; a vote for which no pair that is drawn has room is
    cast, and not counted.
    """

    def __init__(self, random: np.random.Generator, strengths: Floats, most: int) -> None:
        """strengths: (n,), nats; most: votes that may be cast in all."""
        self.random, self.strengths, self.cast = random, strengths, 0
        self.players = strengths.size
        self.upper = np.triu_indices(self.players, 1)
        self.room = ceil(VOTER_CAP / comb(self.players, 2))
        self.order = arrivals(random, most, min(VOTER_CAP, self.room * self.upper[0].size))
        voters = int(self.order.max()) + 1
        self.tastes = random.normal(0, TASTE, (voters, self.players))
        # How many votes a voter has cast on a pair, and the points these gave to the entry of the lower id.
        self.met, self.points = np.zeros((2, voters, self.upper[0].size))
        self.running = Running(self.players)

    @property
    def counted(self) -> int:
        """The votes that count."""
        return int(self.running.weights.sum())

    def play(self, votes: int, probabilities: Floats) -> None:
        """Cast so many votes more. probabilities: (n, n), of the pairs, above the diagonal."""
        who = self.order[self.cast : self.cast + votes]
        self.cast += votes
        turn = turns(who)
        for place in range(int(turn.max()) + 1):
            self.vote(who[turn == place], probabilities[self.upper])

    def vote(self, who: Ids, chances: Floats) -> None:
        """One vote of each of these voters on a pair that still has room for it."""
        ends = np.cumsum(chances * (self.met[who] < self.room), axis=1)
        who, ends = who[ends[:, -1] > 0], ends[ends[:, -1] > 0]
        if not who.size:
            return
        # Not below the last end, lest a pair without room be taken for one with it.
        drawn = self.random.random(who.size)[:, None] * ends[:, -1:]
        pair = (ends <= drawn).sum(axis=1)
        i, j = self.upper[0][pair], self.upper[1][pair]
        mine = self.strengths + self.tastes[who]
        each = np.arange(who.size)
        outcome = verdicts(self.random, expit(mine[each, i] - mine[each, j]))
        self.met[who, pair] += 1
        self.points[who, pair] += SCORES[outcome]
        np.add.at(self.running.weights, (i, j, outcome), 1.0)

    def board(self) -> Fit:
        """The engine's board of the votes so far, its errors clustered by voter and cautious, as the site has it."""
        state, moments = self.running, self.running.moments
        assert moments is not None
        state.squares = state.weights
        given = self.met.sum(axis=1)
        came = given > 0
        said = np.hstack([self.met[came], self.points[came]])
        moments.sums, moments.voters, moments.cubes = said.T @ said, int(came.sum()), float((given**3).sum())
        return state.fit(apart=True)

    def tally(self) -> Tally:
        """The counts of the votes so far."""
        return Tally(self.running.weights.astype(np.int64))


def arrivals(random: np.random.Generator, most: int, each: int) -> Ids:
    """Who casts which vote of a round, (most,): voters 0, 1, … come evenly, and cast `each` votes at most."""
    voters = most
    wants = np.minimum(1 / (1 - random.random(voters)), each).astype(np.intp)
    who = np.repeat(np.arange(voters), wants)
    first = turns(who) == 0
    later = np.where(first | (random.random(who.size) < SAME_SITTING), 0.0, random.exponential(LATER, who.size))
    # A voter's votes lie side by side: the sum over all, less what it was at the voter's first.
    passed = np.cumsum(later)
    passed -= passed[first][who]
    when = np.log(random.random(voters) + np.arange(voters))[who] + passed
    order: Ids = who[np.argsort(when, kind="stable")][:most]
    return order


def turns(who: Ids) -> NDArray[np.intp]:
    """For each vote the number of earlier votes of its voter among these, (votes,)."""
    order = np.argsort(who, kind="stable")
    number = np.bincount(who)
    before = np.cumsum(number) - number
    turn = np.empty(who.size, dtype=np.intp)
    turn[order] = np.arange(who.size) - before[who[order]]
    return turn
