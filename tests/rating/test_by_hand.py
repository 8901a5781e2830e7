"""The example that docs/rating.md works out by hand."""

import numpy as np
import pytest

from rating import Tally, fit
from rating.fitting import ELO_PER_NAT

TACOS, SUSHI, BURGER = range(3)


def test_three_foods_come_out_as_by_hand() -> None:
    votes = Tally.empty(3)
    for first, second, outcome, count in (
        (TACOS, SUSHI, 0, 3),
        (SUSHI, TACOS, 0, 1),
        (SUSHI, BURGER, 0, 3),
        (BURGER, SUSHI, 0, 1),
        (BURGER, SUSHI, 2, 2),
    ):
        votes.add(first, second, outcome, count)
    board = fit(votes, prior=0)
    assert board.strengths[TACOS] - board.strengths[SUSHI] == pytest.approx(np.log(3))
    assert board.strengths[SUSHI] - board.strengths[BURGER] == pytest.approx(np.log(2))
    assert board.ratings() == pytest.approx([1167.4, 976.5, 856.1], abs=0.05)
    assert (board.standard_errors() / ELO_PER_NAT) ** 2 == pytest.approx([0.6447, 0.2002, 0.3890], abs=5e-5)
    assert board.standard_errors() == pytest.approx([139.5, 77.7, 108.4], abs=0.05)
    trusted = fit(votes, prior=0, intervals="fisher")
    assert (trusted.difference_se(SUSHI, BURGER) / ELO_PER_NAT) ** 2 == pytest.approx(0.75)
