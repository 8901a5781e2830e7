"""Evidence that one player fails more often than those it meets."""

from fractions import Fraction
from math import comb, inf

import numpy as np
import pytest
from scipy.integrate import quad

from rating import BadCounts, asymmetry


@pytest.mark.parametrize(("own", "others"), [(0, 0), (3, 0), (0, 3), (14, 0), (9, 4), (40, 25)])
def test_it_is_the_mean_of_all_bets_on_a_larger_share(own, others):
    mean, _ = quad(lambda share: 2 * (2 * share) ** own * (2 * (1 - share)) ** others, 0.5, 1)
    assert asymmetry(own, others) == pytest.approx(mean)


@pytest.mark.parametrize("failures", [1, 7, 60])
def test_nobody_gains_by_betting_on_a_fair_coin(failures):
    gains = [Fraction(comb(failures, own), 2**failures) * Fraction(asymmetry(own, failures - own))
             for own in range(failures + 1)]  # fmt: skip
    assert float(sum(gains)) == pytest.approx(1)


def test_it_is_seldom_reached_by_chance_however_often_one_looks():
    coins = np.random.default_rng(20261129).random((1000, 150)) < 0.5
    reached = [any(asymmetry(int(own), n - int(own)) >= 20 for n, own in enumerate(np.cumsum(row), 1)) for row in coins]
    assert np.mean(reached) <= 0.05
    assert asymmetry(40, 10) > 1000


def test_what_no_float_holds_is_infinite_and_less_than_nothing_is_refused():
    assert asymmetry(3000, 0) == inf
    with pytest.raises(BadCounts):
        asymmetry(-1, 2)
