"""Votes in columns: checked when they come in, small once they are."""

from typing import Any

import numpy as np
import pytest

from rating import BadCounts, BadFeatures, BadWeight, Ballots, RatingError, SelfBattle, Tally, UnknownOutcome, fit
from rating.ballots import joined

ROUND_OF_THREE: dict[str, Any] = {"first": [0, 1, 2, 0], "second": [1, 2, 0, 2], "outcome": [0, 0, 0, 2]}


def ballots(players: int = 3, **columns: Any) -> Ballots:
    return Ballots.from_arrays(**ROUND_OF_THREE | columns, players=players)


@pytest.mark.parametrize(
    ("columns", "error", "words"),
    [
        ({"second": [1, 2, 0]}, BadCounts, "same length"),
        ({"second": [1, 2, 0, 3]}, BadCounts, "vote 3: player 3 is not among 0 … 2"),
        ({"first": [0, -1, 2, 0]}, BadCounts, "vote 1: player -1"),
        ({"first": [0, 1.5, 2, 0]}, BadCounts, "integers, not float64"),
        ({"second": [1, 1, 0, 2]}, SelfBattle, "vote 1: player 1 battles itself"),
        ({"outcome": [0, 0, 4, 0]}, UnknownOutcome, "vote 2: 4 is no outcome"),
        ({"voter": [0, 1, 2]}, BadCounts, "4 votes, but 3 voters"),
        ({"voter": [0, 1, -2, 0]}, BadCounts, "vote 2: voter -2"),
        ({"weight": [1, 1, 1]}, BadWeight, "4 votes, but weights of the shape"),
        ({"weight": [1, 1, float("nan"), 1]}, BadWeight, "vote 2: the weight nan"),
        ({"weight": [1, 1, 1, -0.5]}, BadWeight, "vote 3: the weight -0.5"),
        ({"weight": ["much", 1, 1, 1]}, BadWeight, "numbers are needed"),
        ({"features": [1.0, 2.0, 3.0, 4.0]}, BadFeatures, r"the shape \(4, k\)"),
        ({"features": [[1.0], [2.0], [float("inf")], [4.0]]}, BadFeatures, "vote 2: its features"),
        ({"players": -1}, BadCounts, "cannot have -1 players"),
    ],
)
def test_a_bad_column_is_refused_by_the_number_of_its_vote(
    columns: dict[str, Any], error: type[RatingError], words: str
) -> None:
    with pytest.raises(error, match=words):
        ballots(**columns)


def test_a_vote_with_its_voter_takes_few_bytes() -> None:
    small = ballots(voter=[0, 1, 2, 3])
    large = ballots(players=300, voter=[0, 1, 2, 3])
    for votes, most in ((small, 7), (large, 9)):
        assert votes.voter is not None
        columns = (votes.first, votes.second, votes.outcome, votes.voter)
        assert sum(column.nbytes for column in columns) == most * len(votes)


def test_ballots_and_their_tally_make_the_same_board() -> None:
    columns, counts = fit(ballots()), fit(ballots().tally())
    assert np.array_equal(columns.ratings(), counts.ratings())
    assert np.array_equal(columns.covariance, counts.covariance)


def test_a_vote_of_weight_two_moves_ratings_like_two_votes() -> None:
    heavy = fit(ballots(weight=[2, 1, 1, 0]))
    again = Tally.empty(3)
    again.add_many([0, 0, 1, 2], [1, 1, 2, 0], [0, 0, 0, 0])
    assert heavy.ratings() == pytest.approx(fit(again).ratings(), abs=1e-9)
    assert heavy.votes.tolist() == [3, 3, 2]


def test_chosen_votes_keep_all_their_columns() -> None:
    votes = ballots(voter=[7, 7, 8, 9], weight=[1, 2, 3, 4], features=[[1.0], [2.0], [3.0], [4.0]])
    chosen = votes.where(np.array([3, 1]))
    assert chosen.voter is not None
    assert chosen.weight is not None
    assert chosen.features is not None
    assert (chosen.first.tolist(), chosen.second.tolist()) == ([0, 1], [2, 2])
    assert (chosen.voter.tolist(), chosen.weight.tolist()) == ([9, 7], [4, 2])
    assert chosen.features.tolist() == [[4.0], [2.0]]


def test_votes_that_do_not_say_who_cast_them_have_no_voters() -> None:
    with pytest.raises(BadCounts, match="who cast them"):
        ballots().voters()
    numbered, number = ballots(voter=[9, 4, 9, 7]).voters()
    assert (numbered.tolist(), number) == ([2, 0, 2, 1], 3)


def test_votes_of_different_players_are_not_joined() -> None:
    for parts in ([], [ballots(), ballots(players=4)]):
        with pytest.raises(BadCounts, match="of the same players"):
            joined(parts)
    both = joined([ballots(voter=[1, 2, 3, 4]), ballots(voter=[5, 6, 7, 8])])
    assert both.first.tolist() == ROUND_OF_THREE["first"] * 2
    assert both.voter is not None
    assert both.voter.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
