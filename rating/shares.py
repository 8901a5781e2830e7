"""The share of the points that one player took from another, and how sure it is."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from rating.errors import BadCounts

Floats = NDArray[np.float64]


def share_interval(points: ArrayLike, votes: ArrayLike, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """The lowest and the highest share that `points` out of `votes` leave open, arrays of their common shape.

    points: a win counts 1, a tie ½. It is the score interval, which also holds for few votes and for shares near 0
    and 1; with ties among them it is wider than it had to be, for they vary less. Without votes: 0 to 1.
    Raises BadCounts. Wilson (1927), J. Am. Stat. Assoc. 22, p. 209.
    """
    taken, n = (np.asarray(array, dtype=np.float64) for array in (points, votes))
    if np.any(taken < 0) or np.any(taken > n):
        raise BadCounts("there are from 0 to as many points as votes")
    z2 = float(ndtri((1 + level) / 2)) ** 2
    middle = (taken + z2 / 2) / (n + z2)
    half = np.sqrt(z2 * (taken * (n - taken) / np.maximum(n, 1) + z2 / 4)) / (n + z2)
    return np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0)
