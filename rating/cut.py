"""How likely each player is to fall below the line: a posterior of all strengths, and draws from it."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import helmert
from scipy.special import expit

from rating.errors import BadSetting
from rating.fitting import Fit
from rating.ranks import SEED, Mask, best_first, candidates

Floats = NDArray[np.float64]

# Spreads of the true strengths that are weighed, as shares of the spread that is seen: 64 steps of a factor 1.16.
SPREADS = np.geomspace(1e-2, 1e2, 64)
WIDE = 3.0  # times the spread that is seen: half of the prior lies below it, so that it hardly pulls
LOTTERY = 1e-9  # of the spread: draws that decide between players who are exactly equal, and between no others


def cut_probabilities(
    board: Fit,
    below: int,
    *,
    among: Mask | None = None,
    draws: int = 4000,
    rng: np.random.Generator | None = None,
) -> Floats:
    """The probability that a player is one of the `below` weakest, (n,); together they make exactly `below`.

    among: mask (n,) of the players whom the cut is about; others have 0. draws: from rng or from a fixed seed.
    Only differences count, so that an anchor changes nothing. How the posterior comes about: `lowest`, of errors that
    are those of `likely_errors`.
    Raises BadSetting, also where `below` does not leave somebody on either side.
    """
    chosen = candidates(board, among)
    # In the order of strength, so that the draws do not depend on how the players are numbered.
    ids = best_first(board, chosen)
    probabilities = np.zeros(len(chosen))
    strengths, covariance = board.strengths[ids], board.covariance[np.ix_(ids, ids)]
    probabilities[ids] = lowest(strengths, likely_errors(strengths, covariance), below, draws, rng)
    return probabilities


def likely_errors(strengths: Floats, covariance: Floats) -> Floats:
    """The covariance (n, n), nats², that the votes would have if the strengths were what they likely are.

    A vote tells p(1 − p), and less the further the players are apart. On few votes the estimates lie further apart
    than the truth: the least certain look even less certain than they are, and are pulled too far to the middle. So
    the curvature is taken where the strengths likely lie, at their posterior mean, as Laplace's approximation of a
    posterior has it (Tierney & Kadane 1986, J. Amer. Statist. Assoc. 81), here as if each met all others alike:
    the covariance about the mean times √(v_i v_j), v_i = Σ_j p(1 − p) at the estimates over that at their means.
    """
    n = len(strengths)
    centre = np.eye(n) - 1 / max(n, 1)
    seen, about_mean = centre @ strengths, centre @ covariance @ centre
    spread = max(float(seen @ seen - np.trace(about_mean)) / max(n - 1, 1), 0.0)
    # Where the strengths do not vary beyond their errors, all of them likely lie in the middle.
    likely = np.zeros(n)
    if spread > 0:
        likely += spread * np.linalg.solve(about_mean + spread * np.eye(n), seen)
    ratio = np.sqrt(information(seen) / information(likely))
    errors: Floats = about_mean * ratio * ratio[:, None]
    return errors


def information(strengths: Floats) -> Floats:
    """Σ_j p(1 − p) of each player against all others, (n,), the tiniest float at least."""
    p = expit(strengths[:, None] - strengths)
    each = p * p.T
    np.fill_diagonal(each, 0.0)
    sums: Floats = np.maximum(each.sum(axis=1), np.finfo(float).tiny)
    return sums


def lowest(
    means: Floats, covariance: Floats, below: int, draws: int = 4000, rng: np.random.Generator | None = None
) -> Floats:
    """The probability that a true value is among the `below` lowest, (n,), from estimates of any unit.

    means (n,) and covariance (n, n), of their errors; it may be singular in any direction.
    True values are taken for draws of one normal law: with known spread τ they have, about their mean, the
    posterior mean τ²(C + τ²I)⁻¹ θ and covariance τ²C(C + τ²I)⁻¹, neither of which inverts C. What the estimates
    say of τ, each draw takes a τ of its own from, instead of the one best: few players say little of it.
    Efron & Morris (1973), J. Amer. Statist. Assoc. 68 (shrinkage); Gelman (2006), Bayesian Analysis 1(3), § 3
    (half-Cauchy prior of τ). Raises BadSetting.
    """
    n = len(means)
    if not 1 <= below < n:
        raise BadSetting(f"a cut of {n} players must be below at least 1 and at most {n - 1} of them, not {below}")
    if draws < 2:
        raise BadSetting(f"probabilities take at least 2 draws, not {draws}")
    random = np.random.default_rng(SEED) if rng is None else rng
    values = posterior_draws(means, covariance, (draws + 1) // 2, random)
    fallen = np.argpartition(values, below - 1, axis=1)[:, :below]
    return np.bincount(fallen.ravel(), minlength=n) / len(values)


def posterior_draws(means: Floats, covariance: Floats, pairs: int, random: np.random.Generator) -> Floats:
    """True values about their mean, (2 · pairs, n): in each pair one mirrors the other at their posterior mean."""
    # An orthonormal basis of all differences: what adds to everyone alike is no direction of it.
    basis = helmert(len(means))
    noise, axes = np.linalg.eigh(basis @ covariance @ basis.T)
    noise = np.maximum(noise, 0.0)
    seen = axes.T @ (basis @ means)
    scale = float(np.sqrt((seen @ seen + noise.sum()) / seen.size)) or 1.0
    spreads = (SPREADS * scale) ** 2
    # Where the spread takes nearly all of a direction, its estimate is kept nearly whole.
    kept = spreads[:, None] / (spreads[:, None] + noise)
    chosen = spreads_by_weight(spreads, noise, seen, scale, pairs)
    swing = random.standard_normal((pairs, seen.size))
    swing *= np.sqrt(np.maximum(kept * noise, (LOTTERY * scale) ** 2))[chosen]
    middle = (kept * seen)[chosen]
    values: Floats = np.concatenate([middle + swing, middle - swing]) @ (axes.T @ basis)
    return values


def spreads_by_weight(spreads: Floats, noise: Floats, seen: Floats, scale: float, number: int) -> NDArray[np.intp]:
    """Indices of τ² (number,), each as often as its posterior says, in order.

    spreads: τ² (s,) in steps of one factor; noise, seen: variance and value of the estimate in each direction.
    """
    total = spreads[:, None] + noise
    fit = -(np.log(total) + seen**2 / total).sum(axis=1) / 2
    # The half-Cauchy density in τ, times τ since the steps are of log τ.
    weight = fit + np.log(spreads) / 2 - np.log1p(spreads / (WIDE * scale) ** 2)
    share = np.cumsum(np.exp(weight - weight.max()))
    indices: NDArray[np.intp] = np.searchsorted(share, (np.arange(number) + 0.5) / number * share[-1])
    return indices
