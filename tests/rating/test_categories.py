"""A board for every category of the question."""

from typing import Any

import numpy as np
import pytest

from rating import (
    BadCounts,
    BadSetting,
    Ballots,
    Categories,
    Disconnected,
    Empty,
    Fit,
    NotConverged,
    Outcome,
    fit,
    fit_categories,
)

A, B, TIE, BOTH_BAD = Outcome
PLAYERS, VOTES = 5, 4000


def simulated(**columns: Any) -> Ballots:
    random = np.random.default_rng(2)
    first = random.integers(0, PLAYERS, VOTES)
    second = (first + random.integers(1, PLAYERS, VOTES)) % PLAYERS
    known = {"voter": random.integers(0, 900, VOTES), "weight": random.choice([0.5, 1.0], VOTES)}
    outcome = random.choice([A, A, B, TIE, BOTH_BAD], VOTES)
    return Ballots.from_arrays(first, second, outcome, players=PLAYERS, **known | columns)


CATEGORY = np.random.default_rng(3).choice(3, VOTES, p=[0.6, 0.3, 0.1])


def rated(board: object) -> Fit:
    assert isinstance(board, Fit)
    return board


def assert_same(one: object, other: Fit) -> None:
    board = rated(one)
    np.testing.assert_allclose(board.strengths, other.strengths, atol=1e-9)
    np.testing.assert_allclose(board.covariance, other.covariance, atol=1e-9)
    assert np.array_equal(board.votes, other.votes)
    assert board.log_likelihood == pytest.approx(other.log_likelihood)


@pytest.mark.parametrize("known", [{}, {"voter": None}, {"weight": None}, {"voter": None, "weight": None}])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"prior": 2.0, "both_bad": "drop"},
        {"intervals": "sandwich", "ties": "drop"},
        {"intervals": "fisher", "ties": "davidson"},
    ],
)
def test_each_category_has_the_board_of_its_votes_alone(known: dict[str, Any], settings: dict[str, Any]) -> None:
    votes = simulated(**known)
    fitted = fit_categories(votes, CATEGORY, **settings)
    assert_same(fitted.overall, fit(votes, **settings))
    assert len(fitted.categories) == 3
    for at, category in enumerate(fitted.categories):
        assert category.players.tolist() == list(range(PLAYERS))
        assert_same(category.board, fit(votes.where(at == CATEGORY), **settings))


@pytest.mark.parametrize("weight", [None, np.linspace(0, 2, VOTES)])
def test_a_vote_may_be_in_several_categories_or_in_none(weight: Any) -> None:
    votes = simulated(weight=weight)
    table = np.random.default_rng(4).random((VOTES, 2)) < [0.7, 0.2]
    fitted = fit_categories(votes, table)
    assert_same(fitted.overall, fit(votes))
    for at, category in enumerate(fitted.categories):
        assert_same(category.board, fit(votes.where(table[:, at])))


def small(votes: list[tuple[int, int, int, int]], **settings: Any) -> Categories:
    """Five players, from (first, second, outcome, category); a voter each."""
    first, second, outcome, category = zip(*votes, strict=True)
    ballots = Ballots.from_arrays(first, second, outcome, players=5, voter=range(len(votes)))
    return fit_categories(ballots, category, **settings)


EVERYONE = [(i, j, A, 0) for i in range(5) for j in range(5) if i != j]


def test_a_category_rates_only_who_has_votes_in_it() -> None:
    few = [(3, 1, A, 1), (1, 3, A, 1), (3, 1, A, 1), (0, 1, BOTH_BAD, 1)]
    category = small(EVERYONE + few, both_bad="drop").categories[1]
    assert category.players.tolist() == [1, 3]
    board = rated(category.board)
    assert board.votes.tolist() == [3, 3]
    assert board.strengths[1] > board.strengths[0]
    alone = Ballots.from_arrays([1, 0, 1], [0, 1, 0], [A, A, A], players=2, voter=[0, 1, 2])
    assert_same(board, fit(alone))


def test_a_vote_of_weight_zero_brings_nobody_into_a_category() -> None:
    first, second, outcome, category = zip(*EVERYONE, (3, 1, A, 1), (1, 3, A, 1), (0, 3, A, 1), strict=True)
    weight = [1.0] * 22 + [0.0]
    votes = Ballots.from_arrays(first, second, outcome, players=5, voter=range(23), weight=weight)
    category_of_two = fit_categories(votes, category).categories[1]
    assert category_of_two.players.tolist() == [1, 3]
    assert rated(category_of_two.board).strengths == pytest.approx([0, 0], abs=1e-12)


def test_why_a_category_has_no_board_is_its_value() -> None:
    votes = [*EVERYONE, (0, 3, A, 2), (4, 2, TIE, 2), (1, 3, A, 3), (1, 0, BOTH_BAD, 4)]
    overall, categories = fit(ballots_of(EVERYONE)), small(votes, both_bad="drop").categories
    assert len(overall.strengths) == 5
    assert isinstance(categories[0].board, Fit)
    assert isinstance(categories[1].board, Empty)
    apart = categories[2].board
    assert isinstance(apart, Disconnected)
    assert apart.components == ((0, 3), (2, 4))
    assert categories[2].players.tolist() == [0, 2, 3, 4]
    # One voter cannot say how voters vary.
    assert isinstance(categories[3].board, BadSetting)
    assert isinstance(categories[4].board, Empty)
    assert isinstance(small(votes, prior=0, intervals="sandwich").categories[3].board, NotConverged)


def ballots_of(votes: list[tuple[int, int, int, int]]) -> Ballots:
    first, second, outcome, _ = zip(*votes, strict=True)
    return Ballots.from_arrays(first, second, outcome, players=5)


def test_without_categories_there_is_the_overall_board_alone() -> None:
    votes = ballots_of(EVERYONE)
    assert fit_categories(votes, np.empty((len(votes), 0), dtype=bool)).categories == ()
    with pytest.raises(Disconnected):
        fit_categories(Ballots.from_arrays([], [], [], players=2), [])


def test_one_player_needs_no_votes() -> None:
    fitted = fit_categories(Ballots.from_arrays([], [], [], players=1), [])
    assert fitted.overall.ratings().tolist() == [1000]
    assert fitted.categories == ()


@pytest.mark.parametrize(
    ("categories", "words"),
    [
        ([0, 1], r"there are 20 votes, but categories of the shape \(2,\)"),
        (0, "categories of the shape"),
        ([0.5] * 20, "integers, not float64"),
        ([0] * 19 + [-1], "vote 19: category -1"),
        ([0, 10**9] * 10, "vote 1: category 1000000000"),
        (np.ones((20, 3)), "a table of categories is of bool"),
        (np.ones((20, 1001), dtype=bool), "at most 1000 columns"),
    ],
)
def test_categories_that_do_not_fit_the_votes_are_refused(categories: Any, words: str) -> None:
    with pytest.raises(BadCounts, match=words):
        fit_categories(ballots_of(EVERYONE), categories)


def test_settings_are_those_of_a_fit() -> None:
    votes = ballots_of(EVERYONE)
    for settings in ({"prior": -1}, {"ties": "?"}, {"both_bad": "?"}, {"intervals": "cluster"}):
        with pytest.raises(BadSetting):
            fit_categories(votes, [0] * 20, **settings)
    with pytest.raises(Empty):
        fit_categories(Ballots.from_arrays([], [], [], players=0), [])
