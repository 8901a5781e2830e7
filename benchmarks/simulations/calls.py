"""How many votes a round of voters with caps takes until its cut is called, by who meets whom and by which test."""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from benchmarks.simulations.gsprt import NONE_BEFORE, Trials
from benchmarks.simulations.locks import called_by_mixture
from benchmarks.simulations.rounds import Round, looks
from benchmarks.simulations.worlds import Floats
from rating import Design, Fit, Tally, arena_probabilities, pair_probabilities, uniform_probabilities
from rating.lock import line_of, standing_of
from rating.sampling import mixed

ALPHA = 0.05

Rule = Callable[[Fit, Tally], Floats]


class Call(NamedTuple):
    """How a round went on. Votes are those within the voters' caps; counted, those on pairs that had room."""

    cast: int
    counted: int
    called: bool
    right: bool
    """Whether the entry that was called is the weakest, which has the lowest id."""


def uniform(board: Fit, tally: Tally) -> Floats:
    """All pairs alike."""
    return uniform_probabilities(tally.players)


def contrast(board: Fit, tally: Tally) -> Floats:
    """The site's own."""
    return pair_probabilities(board, tally, 1)


def arena(board: Fit, tally: Tally) -> Floats:
    """Chatbot Arena's."""
    return arena_probabilities(board, tally)


def locked(random: np.random.Generator, strengths: Floats, rule: Rule, most: int, growth: float) -> Call:
    """The site's lock, looked at all along."""
    contest = Round(random, strengths, most)
    chances = uniform_probabilities(strengths.size)
    for before, votes in pairwise([0, *looks(most, growth)]):
        contest.play(votes - before, chances)
        board = contest.board()
        if called_by_mixture(board, 1):
            return Call(contest.cast, contest.counted, True, lowest(board) == 0)
        chances = rule(board, contest.tally())
    return Call(contest.cast, contest.counted, False, False)


def lowest(board: Fit) -> int:
    """The weakest entry."""
    return int(np.argmax(board.ranks()))


def by_a_deadline(random: np.random.Generator, strengths: Floats, deadlines: list[int]) -> Floats:
    """Whether a test at each deadline, had it been the one planned, calls the cut, pairs drawn alike, (deadlines,)."""
    contest = Round(random, strengths, deadlines[-1])
    calls = np.zeros(len(deadlines))
    for place, (before, votes) in enumerate(pairwise([0, *deadlines])):
        contest.play(votes - before, uniform_probabilities(strengths.size))
        board = contest.board()
        ids, line = line_of(board, 1, None)
        z = standing_of(board, ids, None, None).z[:line, line]
        calls[place] = (z >= ndtri(1 - ALPHA / 2)).all()
    return calls


def raced(random: np.random.Generator, strengths: Floats, gap: float, steer: float | None, most: int) -> Call:
    """A GSPRT of every pair: called when one entry is weaker than each other one, given up when none can be.

    steer: None, all pairs meet alike. Else the weakest who may still be called meets those that it was not yet shown
    to be weaker than: in this share of the votes; the rest is uniform, and exposure is capped as in the site's design.
    With 1 there is no cap, and every vote goes there.
    """
    contest, trials = Round(random, strengths, most), Trials(strengths.size, gap)
    chances = uniform_probabilities(strengths.size)
    for before, votes in pairwise([0, *looks(most)]):
        contest.play(votes - before, chances)
        trials.look(contest.running.weights)
        called, hopeful = trials.weakest(), trials.hopeful()
        if called is not None or not hopeful:
            return Call(contest.cast, contest.counted, called is not None, called == 0)
        if steer is not None:
            chances = aimed(contest, trials, hopeful, steer)
    return Call(contest.cast, contest.counted, False, False)


def aimed(contest: Round, trials: Trials, hopeful: list[int], steer: float) -> Floats:
    """The chances (n, n) of pairs that meet for the trials' sake."""
    met = contest.tally().counts.sum(axis=2)
    target: Floats = np.triu(np.maximum(NONE_BEFORE - met - met.T, 0), 1).astype(np.float64)
    if not target.any():
        strengths = contest.board().strengths
        low = min(hopeful, key=lambda entry: float(strengths[entry]))
        still = ~trials.stronger[:, low]
        still[low] = False
        target[np.minimum(low, np.flatnonzero(still)), np.maximum(low, np.flatnonzero(still))] = 1.0
    target /= target.sum()
    if steer == 1:
        return target
    return mixed(uniform_probabilities(contest.players), target, Design(explore=1 - steer))


def told(random: np.random.Generator, strengths: Floats, gap: float, most: int) -> Call:
    """A GSPRT each way between the two lowest, who are told to it and alone meet."""
    contest, trials = Round(random, strengths, most), Trials(strengths.size, gap)
    chances = np.zeros((strengths.size, strengths.size))
    chances[0, 1] = 1.0
    for before, votes in pairwise([0, *looks(most)]):
        contest.play(votes - before, chances)
        trials.look(contest.running.weights)
        either = trials.stronger[0, 1] or trials.stronger[1, 0]
        if either or not trials.hopeful() or (trials.not_stronger[0, 1] and trials.not_stronger[1, 0]):
            return Call(contest.cast, contest.counted, bool(either), bool(trials.stronger[1, 0]))
    return Call(contest.cast, contest.counted, False, False)
