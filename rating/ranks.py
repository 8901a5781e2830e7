"""Ranks with their uncertainty: for each player the ranks that the votes do not rule out, all at once."""

import math

import numpy as np
from numpy.typing import NDArray

from rating.covariance import square_root
from rating.errors import BadSetting
from rating.fitting import Fit, quantile

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Mask = NDArray[np.bool_]
Ranks = NDArray[np.int64]

SEED = 20260115  # boards computed twice from the same votes must say the same
MOST_ROUNDS = 5  # of the step-down; it may stop after any of them, a later one only adds claims
DIGITS = 9  # of a strength, in nats, that the solver can tell apart; as in Fit.ranks
NO_VARIANCE = 1e-12  # of the two players' own; a difference that varies less is rounding error


def rank_sets(
    board: Fit,
    *,
    level: float = 0.95,
    draws: int = 2000,
    rng: np.random.Generator | None = None,
    among: Mask | None = None,
) -> tuple[Ranks, Ranks]:
    """The lowest and the highest rank each player may have, (n,) each: all of them hold at once with this level.

    A player's lowest rank is 1 more than the number of players who are surely stronger; its highest counts all
    who are not surely weaker. It contains the player's point rank (`Fit.ranks`). Nothing is sure about a player
    whom the votes leave undetermined, nor about two players whose difference has no variance.
    level: the chance that no claim of order on the board is false; draws: normal draws for the critical value,
    from rng or from a fixed seed. among: mask (n,) of the players to rank against each other; others get 0.
    Raises BadSetting.

    Mogstad, Romano, Shaikh & Wilhelm (2024), Rev. Econ. Studies 91(1): max-t over all ordered pairs with the
    step-down of Romano & Wolf (2005), Econometrica 73.
    """
    place = place_of(level, draws)
    chosen = candidates(board, among)
    players = int(chosen.sum())
    # In the order of strength, so that the draws do not depend on how the players are numbered.
    compared = best_first(board, chosen & board.determined)
    random = np.random.default_rng(SEED) if rng is None else rng
    normal = random.standard_normal((compared.size, draws), dtype=np.float32)
    sure = sure_gaps(board.strengths[compared], board.covariance[np.ix_(compared, compared)], normal, place)
    low, high = np.where(chosen, 1, 0), np.where(chosen, players, 0)
    low[compared] += sure.sum(axis=0)
    high[compared] -= sure.sum(axis=1)
    return low, high


def rank_upper_bounds(board: Fit, level: float = 0.95, *, among: Mask | None = None) -> Ranks:
    """1 + the number of players whose interval lies wholly above the player's, (n,): Chatbot Arena's rank_ub.

    For comparison only: each interval has the level by itself, not all of them at once, and the error of a
    difference is taken for the sum of two errors. It never exceeds the highest rank of `rank_sets`: who lies
    wholly above a player has a better point rank, and the rank set contains the point rank.
    among: mask (n,) of the players to compare; others get 0. Raises BadSetting.
    Chiang et al. (2024), arXiv:2403.04132.
    """
    chosen = candidates(board, among)
    strengths = np.round(board.strengths, DIGITS)
    reach = quantile(level) * np.sqrt(np.maximum(np.diagonal(board.covariance), 0.0))
    above = (strengths - reach)[None, :] > (strengths + reach)[:, None]
    bounds: Ranks = np.where(chosen, 1 + (above & chosen).sum(axis=1), 0)
    return bounds


def candidates(board: Fit, among: Mask | None) -> Mask:
    """Who is ranked, (n,); everyone if left out. Raises BadSetting."""
    n = len(board.strengths)
    if among is None:
        return np.ones(n, dtype=np.bool_)
    chosen = np.asarray(among)
    if chosen.shape != (n,) or chosen.dtype != np.bool_:
        raise BadSetting(f"the players to rank must come as {n} times true or false")
    return chosen


def best_first(board: Fit, chosen: Mask) -> NDArray[np.intp]:
    """The ids of the chosen players, the strongest first; of equals, the lower id."""
    order = np.argsort(board.ranks())
    return order[chosen[order]]


def place_of(level: float, draws: int) -> int:
    """Which of the sorted draws is the critical value, counted from 1. Raises BadSetting.

    The next after level · (draws + 1): then the statistic itself, one draw more, exceeds it with 1 − level at most.
    """
    if not 0 < level < 1:
        raise BadSetting(f"the level of rank sets must lie between 0 and 1, not {level}")
    place = math.ceil(level * (draws + 1))
    if place > draws:
        raise BadSetting(f"a level of {level} needs more than {draws} draws")
    return place


def sure_gaps(strengths: Floats, covariance: Floats, normal: Singles, place: int) -> Mask:
    """(k, k), whether player i is surely stronger than player j. strengths (k,): the strongest first.

    Every ordered pair is a hypothesis, "j is not stronger than i", tested by t = (θ_j − θ_i)/σ_ij against the
    largest t that equal players would show among all hypotheses not yet rejected. A rejected pair leaves the set
    in its own direction only: the opposite hypothesis is true then, and has to stay.
    """
    errors = inverse_errors(covariance)
    strengths = np.round(strengths, DIGITS)
    t = (strengths[:, None] - strengths[None, :]) * errors
    centre = np.eye(len(strengths)) - 1 / max(len(strengths), 1)
    # Centred, single precision loses nothing: only differences follow.
    values = square_root(centre @ covariance @ centre).astype(np.float32) @ normal
    weaker = np.triu(np.ones(t.shape, dtype=np.bool_), 1)
    ahead, behind = largest_gaps(values, errors.astype(np.float32), weaker)
    sure = np.zeros_like(weaker)
    for _ in range(MOST_ROUNDS):
        critical = np.partition(np.maximum(ahead, behind), place - 1)[place - 1]
        before, sure = sure, weaker & (t > critical)
        if (sure == before).all():
            break
        ahead, _ = largest_gaps(values, errors.astype(np.float32), weaker & ~sure)
    return sure


def inverse_errors(covariance: Floats) -> Floats:
    """1/σ_ij (k, k) of the differences; 0, which claims nothing, where a difference has no variance."""
    variances = np.diagonal(covariance)
    both = variances[:, None] + variances[None, :]
    of_gaps = both - 2 * covariance
    varies = of_gaps > NO_VARIANCE * np.abs(both)
    errors: Floats = np.where(varies, 1 / np.sqrt(np.where(varies, of_gaps, 1.0)), 0.0)
    return errors


def largest_gaps(values: Singles, errors: Singles, pairs: Mask) -> tuple[Singles, Singles]:
    """In each draw the largest (v_i − v_j)/σ_ij and the largest (v_j − v_i)/σ_ij over the pairs, (draws,) each.

    values: (k, draws). One player's pairs at a time, so that they stay in the cache. At least 0.
    """
    room = np.empty_like(values)
    ahead, behind = np.zeros_like(values, shape=values.shape[1]), np.zeros_like(values, shape=values.shape[1])
    for i, others in enumerate(pairs):
        js = np.flatnonzero(others)
        if js.size == 0:
            continue
        # Neighbours are a view; a choice of them has to be copied.
        against = values[js[0] : js[-1] + 1] if js[-1] - js[0] + 1 == js.size else values[js]
        gaps = np.subtract(values[i], against, out=room[: js.size])
        gaps *= errors[i, js, None]
        np.maximum(ahead, gaps.max(axis=0), out=ahead)
        np.maximum(behind, -gaps.min(axis=0), out=behind)
    return ahead, behind
