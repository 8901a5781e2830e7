"""Online Elo: a live line that moves with every vote. It depends on their order, so it decides nothing."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rating.errors import BadCounts, BadSetting
from rating.outcomes import POINTS
from rating.tally import refuse_bad_votes, whole_numbers


def elo(
    first: ArrayLike,
    second: ArrayLike,
    outcome: ArrayLike,
    *,
    players: int,
    k: float = 4.0,
    start: float = 1000.0,
) -> NDArray[np.float64]:
    """Elo ratings after the votes, in their order; ties and both-bad score half.

    first, second, outcome: integers (votes,); k: Elo points a certain surprise moves; start: Elo points.
    Returns Elo points (players,); their sum stays players · start. Raises BadCounts, SelfBattle,
    UnknownOutcome, and BadSetting for a k that is not positive or a number that is not finite.
    Elo (1978), The Rating of Chessplayers, § 1.6 and 8.4: expected score 1 / (1 + 10^(-gap/400)).
    """
    if not (math.isfinite(k) and k > 0 and math.isfinite(start)):
        raise BadSetting(f"k must be positive and start finite, not {k} and {start}")
    firsts, seconds, outcomes = (whole_numbers(array) for array in (first, second, outcome))
    if not firsts.shape == seconds.shape == outcomes.shape:
        raise BadCounts("first, second and outcome must have the same length")
    refuse_bad_votes(firsts, seconds, outcomes, players, 0)

    # A vote depends on the one before, so there is nothing to vectorise; plain floats are quickest.
    ratings = [float(start)] * players
    steepness = math.log(10) / 800
    for a, b, ended in zip(firsts.tolist(), seconds.tolist(), outcomes.tolist(), strict=True):
        # The logistic curve by tanh, which no gap makes overflow.
        expected = (1 + math.tanh((ratings[a] - ratings[b]) * steepness)) / 2
        change = k * (POINTS[ended] - expected)
        ratings[a] += change
        ratings[b] -= change
    return np.array(ratings, dtype=np.float64)
