"""Whether one player fails more often than those it meets."""

from math import comb, inf

from rating.errors import BadCounts


def asymmetry(own: int, others: int) -> float:
    """How much it speaks for "fails more often than those it meets" that it failed `own` times, they `others` times.

    An e-value: what a gambler has made of 1 by betting on each failure as it came, fairly if both sides fail alike,
    spread evenly over all shares of its own above ½. So it reaches 1/alpha with a probability of at most alpha, however
    often one looks (Ville 1939; Ramdas et al. 2023, Stat. Sci. 38(4)). Infinite beyond what a float holds.
    Raises BadCounts.
    """
    if min(own, others) < 0:
        raise BadCounts("nobody fails less than never")
    failures = own + others
    try:
        # 2^(n+1) times the integral of x^own (1-x)^others from ½ to 1, in whole numbers.
        return sum(comb(failures + 1, part) for part in range(own + 1)) / ((failures + 1) * comb(failures, own))
    except OverflowError:
        return inf
