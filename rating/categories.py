"""Boards by category of the question, all out of one pass over the votes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rating.ballots import Ballots
from rating.bradley_terry import Maximum
from rating.covariance import Intervals, VoterSums
from rating.errors import BadCounts, Disconnected, Empty, RatingError
from rating.fitting import Fit, fit_totals, meat_of
from rating.outcomes import Outcome
from rating.tally import whole_numbers
from rating.totals import BothBad, Ties, Totals, counted_outcomes

Floats = NDArray[np.float64]

MOST_CATEGORIES = 1000  # each takes counts of all pairs, so that a stray id must not claim the memory


@dataclass(frozen=True, slots=True, eq=False)
class Category:
    """The board of one category, of the players who have votes in it."""

    players: NDArray[np.intp]
    """(m,), their ids, ascending; player i of the board is players[i]."""

    board: Fit | RatingError
    """Their ratings, or why there are none: Empty without votes, Disconnected where groups never met (the groups
    hold ids of all players), and what else `fit` raises."""


@dataclass(frozen=True, slots=True, eq=False)
class Categories:
    """The board of all votes, and one of each category."""

    overall: Fit
    categories: tuple[Category, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """As in `fit`."""

    prior: float
    ties: Ties
    both_bad: BothBad
    intervals: Intervals | None


def fit_categories(
    ballots: Ballots,
    categories: ArrayLike,
    *,
    prior: float = 0.5,
    ties: Ties = "half",
    both_bad: BothBad = "half",
    intervals: Intervals | None = None,
) -> Categories:
    """Rate all votes together and the votes of each category by themselves.

    categories: the category of each vote, ids 0 … c − 1 (votes,), or what categories it is in, bool (votes, c): in
    several, or in none and then only on the overall board. Votes are counted once; the categories' searches set out
    from the overall strengths. prior, ties, both_bad, intervals: as in `fit`, whose boards these are.

    Raises what `fit` raises of all votes, and BadCounts for categories that do not fit the votes. What is wrong with
    one category is the value of its board.
    """
    members = checked_categories(categories, len(ballots))
    if ballots.players == 0:
        raise Empty("there are no players to rate")
    settings = Settings(prior, ties, both_bad, intervals)
    everyone, *each = totals_by_category(ballots, members, counted_outcomes(ties, both_bad))
    overall = rated(ballots, everyone, settings, None)
    boards = []
    for at, totals in enumerate(each):
        held = members[:, at] if members.ndim == 2 else members == at
        boards.append(category_of(ballots, held.astype(np.bool_, copy=False), totals, settings, overall))
    return Categories(overall, tuple(boards))


def checked_categories(array: ArrayLike, votes: int) -> NDArray[np.intp] | NDArray[np.bool_]:
    """Ids (votes,), or bool (votes, c). Raises BadCounts."""
    categories = np.asarray(array)
    if categories.ndim not in (1, 2) or len(categories) != votes:
        raise BadCounts(f"there are {votes} votes, but categories of the shape {categories.shape}")
    if categories.ndim == 2:
        if categories.dtype != np.bool_ or categories.shape[1] > MOST_CATEGORIES:
            raise BadCounts(f"a table of categories is of bool and has at most {MOST_CATEGORIES} columns")
        return categories
    ids = whole_numbers(categories)
    bad = (ids < 0) | (ids >= MOST_CATEGORIES)
    if bad.any():
        where = int(np.argmax(bad))
        raise BadCounts(f"vote {where}: category {ids[where]} is not among 0 … {MOST_CATEGORIES - 1}")
    return ids.astype(np.intp)


def totals_by_category(
    ballots: Ballots, members: NDArray[np.intp] | NDArray[np.bool_], counted: Floats
) -> list[Totals]:
    """The totals of all votes, and then those of each category."""
    shape = (-1, ballots.players, ballots.players, len(Outcome))
    kinds = ballots.players**2 * len(Outcome)
    kind = (ballots.first.astype(np.intp) * ballots.players + ballots.second) * len(Outcome) + ballots.outcome
    weights = squares = sums_by_category(kind, ballots.weight, members, kinds).reshape(shape) * counted
    if ballots.weight is not None:
        squares = sums_by_category(kind, ballots.weight**2, members, kinds).reshape(shape) * counted
    return [Totals(*each) for each in zip(weights, squares, strict=True)]


def sums_by_category(
    kind: NDArray[np.intp], values: Floats | None, members: NDArray[np.intp] | NDArray[np.bool_], kinds: int
) -> Floats:
    """Sums of values (votes,), or of 1, by kind: of all votes and then of each category, (1 + c, kinds)."""
    if members.ndim == 1:
        number = int(members.max(initial=-1)) + 1
        sums = np.bincount(members * kinds + kind, values, number * kinds).reshape(number, kinds)
        return np.vstack([sums.sum(axis=0), sums]).astype(np.float64, copy=False)
    each = [np.bincount(kind[held], None if values is None else values[held], kinds) for held in members.T]
    return np.array([np.bincount(kind, values, kinds), *each], dtype=np.float64)


def category_of(
    ballots: Ballots, held: NDArray[np.bool_], totals: Totals, settings: Settings, overall: Fit
) -> Category:
    """The board of the votes that a category holds, a mask (votes,), or why there is none."""
    players = np.flatnonzero(totals.votes() > 0)
    if not players.size:
        return Category(players, Empty("there are no votes in this category"))
    own = np.ix_(players, players)
    totals = Totals(totals.weights[own], totals.squares[own])
    clustered = settings.intervals in (None, "cluster", "cautious") and ballots.voter is not None
    votes = among(ballots, held, players) if clustered else ballots
    try:
        return Category(players, rated(votes, totals, settings, overall.strengths[players]))
    except Disconnected as why:
        return Category(players, Disconnected(tuple(tuple(players[list(group)].tolist()) for group in why.components)))
    except RatingError as why:
        return Category(players, why)


def among(ballots: Ballots, held: NDArray[np.bool_], players: NDArray[np.intp]) -> Ballots:
    """The votes held, of those players, who are numbered anew; features are left out."""
    number = np.full(ballots.players, -1)
    number[players] = np.arange(players.size)
    first, second = number[ballots.first], number[ballots.second]
    # Votes that do not count may name others.
    kept = held & (first >= 0) & (second >= 0)
    return Ballots(
        players.size,
        first[kept].astype(ballots.first.dtype),
        second[kept].astype(ballots.first.dtype),
        ballots.outcome[kept],
        None if ballots.voter is None else ballots.voter[kept],
        None if ballots.weight is None else ballots.weight[kept],
    )


def rated(votes: Ballots, totals: Totals, settings: Settings, start: Floats | None) -> Fit:
    """The board of the totals. votes: whose voters are clustered, where that is asked for."""
    counted = counted_outcomes(settings.ties, settings.both_bad)

    def meat(maximum: Maximum) -> Floats | VoterSums | None:
        return meat_of(votes, maximum, totals, settings.intervals, counted)

    return fit_totals(totals, meat, prior=settings.prior, ties=settings.ties, start=start)
