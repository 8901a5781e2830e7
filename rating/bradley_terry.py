"""Bradley-Terry strengths: those that make the votes most likely, found by Newton's method."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotrs
from scipy.special import expit

from rating.errors import Disconnected, NotConverged
from rating.tally import groups
from rating.totals import Totals

Floats = NDArray[np.float64]

TOO_WEAKLY = "the votes determine the strengths too weakly for this prior"

STEP_NORM = 1e-10  # nats; where Newton stops. Its next step would be of the order of the square
ROUNDING_NORM = 1e-5  # nats; a step above it is never rounding error
STEP_CAP = 2.0  # nats; beyond it the quadratic picture of the likelihood says nothing
MOST_STEPS = 100  # ordinary boards take 5 to 10
SAME_CURVATURE = 1e-3  # nats; after a smaller step the last curvature still tells the next to three digits
FARTHEST = 150.0  # nats; MOST_STEPS of STEP_CAP from there, floats still hold p of the weakest against the strongest


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """Where a likelihood is largest, and its shape there. Parameters are n strengths and perhaps one of ties."""

    strengths: Floats
    """(n,), nats, mean zero."""

    curvature: Floats
    """(m, m), minus the second derivatives of the log-likelihood, of the phantom games too; positive definite."""

    won: Floats
    """(n, n), what one vote for i against j adds to ∂ log-likelihood / ∂θ_i; to ∂θ_j it adds the opposite."""

    tied: Floats
    """(n, n), what one vote for neither of i and j adds to ∂ log-likelihood / ∂θ_i; to ∂θ_j it adds the opposite."""

    information: Floats
    """(n, n), symmetric, what one vote on a pair is expected to add to minus the second derivative by the gap."""

    log_likelihood: float
    """nats, of all votes, without the phantom games."""

    tie: float | None = None
    """The parameter of ties, where the model has one: log ν of Davidson, log θ of Rao and Kupper."""

    tie_scores: Floats | None = None
    """(n, n, 4), what one vote of a kind adds to the derivative by that parameter."""

    @property
    def scores(self) -> Floats:
        """(n, n, 4), [first, second, outcome], what one vote of a kind adds to ∂ log-likelihood / ∂θ_first."""
        return np.stack([self.won, -self.won.T, self.tied, self.tied], axis=2)


def bradley_terry(totals: Totals, prior: float, start: Floats | None = None) -> Maximum:
    """The most likely strengths where a tie is half a point for each.

    start: strengths to set out from, (n,), nats: those of a fit with fewer votes save steps.
    Raises Disconnected and NotConverged with prior 0 where no maximum is finite, NotConverged where floats end.
    Bradley & Terry (1952), Biometrika 39; Hunter (2004), Ann. Statist. 32(1), eq. 2 and assumption 1.
    """
    points = totals.points
    if prior == 0:
        refuse_infinite_strengths(points)
    strengths = most_likely_strengths(points, prior, start)
    p = expected_scores(strengths)
    return Maximum(
        strengths=strengths - strengths.mean(),
        curvature=hessian(totals.meetings, p, strengths, prior),
        won=p.T,
        tied=(p.T - p) / 2,
        information=p * p.T,
        # −log p from the odds, without rounding it away where p is near 1.
        log_likelihood=-float(np.vdot(points, np.log1p(p.T / p))),
    )


def refuse_infinite_strengths(points: Floats) -> None:
    """Raise unless every player has a chain of points to every other: else no maximum is finite.

    points: S (n, n), of i against j. Ford (1957), Amer. Math. Monthly 64(8).
    """
    met = groups(points, strong=False)
    if len(met) > 1:
        raise Disconnected(met)
    level = groups(points, strong=True)
    if len(level) > 1:
        raise NotConverged(
            f"{len(level)} groups of players exist of which one never took a point from another, "
            "so that their gap has no finite estimate: use a prior above 0"
        )


def gaps(strengths: Floats) -> Floats:
    """θ_i − θ_j (n, n)."""
    return strengths[:, None] - strengths[None, :]


def expected_scores(strengths: Floats) -> Floats:
    """p_ij = σ(θ_i − θ_j) (n, n), of strengths within some 350 nats of 0.

    As π_i / (π_i + π_j) with π = exp θ: an exponential a player is several times as quick as one a pair.
    """
    power = np.exp(strengths)
    p: Floats = power[:, None] / np.add.outer(power, power)
    return p


def most_likely_strengths(points: Floats, prior: float, start: Floats | None = None) -> Floats:
    """The maximum θ (n,), nats, of Σ S_ij log σ(θ_i − θ_j) + the phantom games, by Newton's method.

    points: S (n, n); start: (n,), 0 if left out. Raises NotConverged.
    """
    strengths = np.zeros(points.shape[0]) if start is None else np.clip(start, -FARTHEST, FARTHEST)
    before, meetings = math.inf, points + points.T
    for _ in range(MOST_STEPS):
        p = expected_scores(strengths)
        if before > SAME_CURVATURE:
            factor = factored(hessian(meetings, p, strengths, prior))
        step = solution(factor, gradient(points, p, strengths, prior))
        strengths += step * (STEP_CAP / max(float(np.abs(step).max()), STEP_CAP))
        norm = float(np.linalg.norm(step))
        # Steps this small shrink to their square. One that does not is the rounding error of huge counts.
        if norm <= STEP_NORM or before / 2 < norm <= ROUNDING_NORM:
            return strengths
        before = norm
    raise NotConverged(f"Newton's method did not settle within {MOST_STEPS} steps")


def gradient(points: Floats, p: Floats, strengths: Floats, prior: float) -> Floats:
    """Σ_j (S_ij (1 − p_ij) − S_ji p_ij) + g (½ − σ(θ_i)), (n,), from S and p (n, n).

    The sum equals Σ_j (S_ij − N_ij p_ij), but keeps its digits where p is near 1 and N is large.
    """
    # p_ji is σ(θ_j − θ_i) to its last digit, which 1 − p_ij is not.
    surprise = points * p.T
    phantom: Floats = prior * (0.5 - expit(strengths))
    rows: Floats = surprise.sum(axis=1) - surprise.sum(axis=0)
    return rows + phantom


def hessian(meetings: Floats, p: Floats, strengths: Floats, prior: float) -> Floats:
    """Laplacian(N p (1 − p)) + diag(g σ (1 − σ)), (n, n), of minus the log-likelihood; positive definite.

    Without a prior only differences matter and adding a constant to all strengths costs nothing. A multiple
    of the all-ones matrix then fills that one direction; a gradient sums to zero and so never meets it.
    """
    full = laplacian(meetings * p * p.T)
    if prior == 0:
        n = len(strengths)
        return full + (float(np.trace(full)) / n**2 if n > 1 else 1.0)
    sigma = expit(strengths)
    diagonal(full)[:] += prior * sigma * (1 - sigma)
    return full


def laplacian(weights: Floats) -> Floats:
    """The matrix of Σ_{i<j} w_ij (x_i − x_j)² for symmetric weights (n, n) with a zero diagonal."""
    full: Floats = -weights
    diagonal(full)[:] = weights.sum(axis=1)
    return full


def diagonal(matrix: Floats) -> Floats:
    """The diagonal (n,) of a matrix (n, n), to write to."""
    view: Floats = np.einsum("ii->i", matrix)
    return view


def solved(matrix: Floats, right: Floats) -> Floats:
    """matrix⁻¹ · right by Cholesky. Raises NotConverged where the matrix has no digits left."""
    return solution(factored(matrix), right)


def factored(matrix: Floats) -> Floats:
    """The Cholesky factor of a symmetric matrix. Raises NotConverged where it has no digits left."""
    # The matrix is its own transpose, which lies in memory as LAPACK wants it.
    factor: Floats
    factor, trouble = dpotrf(matrix.T, lower=True)
    if trouble:
        raise NotConverged(TOO_WEAKLY)
    return factor


def solution(factor: Floats, right: Floats) -> Floats:
    """matrix⁻¹ · right, from the matrix's Cholesky factor. Raises NotConverged where floats end."""
    found: Floats
    found, _ = dpotrs(factor, right, lower=True)
    if not np.isfinite(found).all():
        raise NotConverged(TOO_WEAKLY)
    return found
