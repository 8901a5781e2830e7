"""The share that one player took from another."""

import numpy as np
import pytest

from rating import BadCounts, share_interval


@pytest.mark.parametrize(
    ("points", "votes", "low", "high"),
    [
        (10, 20, 0.2993, 0.7007),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),  # Newcombe (1998), Stat. Med. 17, table I
        (15, 148, 0.0624, 0.1605),  # the same
        (0, 0, 0.0, 1.0),
    ],
)
def test_the_interval_is_the_one_in_the_books(points, votes, low, high):
    assert share_interval(points, votes) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_it_takes_matrices_and_holds_as_often_as_it_says():
    random = np.random.default_rng(20261124)
    truth = np.array([[0.5, 0.9], [0.02, 0.7]])
    low, high = share_interval(random.binomial(40, truth, (4000, 2, 2)), np.full((2, 2), 40))
    assert low.shape == (4000, 2, 2)
    held = ((low <= truth) & (truth <= high)).mean(axis=0)
    assert np.all(held > 0.92)


@pytest.mark.parametrize(("points", "votes"), [(3, 2), (-1, 4)])
def test_more_points_than_votes_are_refused(points, votes):
    with pytest.raises(BadCounts, match="from 0 to as many"):
        share_interval(points, votes)
