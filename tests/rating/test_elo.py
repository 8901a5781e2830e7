"""The live line."""

import numpy as np
import pytest

from rating import BadCounts, BadSetting, Outcome, SelfBattle, UnknownOutcome, elo


def test_a_first_win_moves_half_of_k() -> None:
    assert elo([0], [1], [Outcome.A], players=3).tolist() == [1002, 998, 1000]
    assert elo([0], [1], [Outcome.B], players=2, k=32, start=0).tolist() == [-16, 16]


def test_four_hundred_points_are_ten_to_one() -> None:
    # A k of 800 makes the gap 800 after one win, where the expected score of the second is 1/101.
    ratings = elo([0, 1], [1, 0], [Outcome.A, Outcome.TIE], players=2, k=800, start=0)
    assert ratings == pytest.approx([400 - 800 * (0.5 - 1 / 101), -400 + 800 * (0.5 - 1 / 101)])


def test_a_tie_and_both_bad_score_the_same() -> None:
    votes = [0, 0, 1], [1, 2, 2]
    tied = elo(*votes, [Outcome.A, Outcome.TIE, Outcome.TIE], players=3)
    assert np.array_equal(tied, elo(*votes, [Outcome.A, Outcome.BOTH_BAD, Outcome.BOTH_BAD], players=3))


def test_the_order_of_votes_matters_and_the_sum_stays() -> None:
    first, second, outcome = [0, 1, 2, 0], [1, 2, 0, 1], [0, 0, 1, 1]
    forth = elo(first, second, outcome, players=3, k=50)
    back = elo(first[::-1], second[::-1], outcome[::-1], players=3, k=50)
    assert forth.sum() == pytest.approx(3000)
    assert not np.allclose(forth, back)


def test_no_gap_overflows() -> None:
    assert np.isfinite(elo([0, 0], [1, 1], [0, 1], players=2, k=1e300)).all()


def test_without_votes_everyone_stays_at_the_start() -> None:
    assert elo([], [], [], players=2, start=1500).tolist() == [1500, 1500]


def test_what_is_no_vote_is_refused() -> None:
    with pytest.raises(BadCounts):
        elo([0], [2], [0], players=2)
    with pytest.raises(BadCounts, match="same length"):
        elo([0], [1, 0], [0], players=2)
    with pytest.raises(SelfBattle):
        elo([1], [1], [0], players=2)
    with pytest.raises(UnknownOutcome):
        elo([0], [1], [7], players=2)
    for setting in ({"k": 0.0}, {"k": float("nan")}, {"start": float("inf")}):
        with pytest.raises(BadSetting):
            elo([0], [1], [0], players=2, **setting)
