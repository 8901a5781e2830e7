"""Bradley-Terry with ties as a verdict of their own: how much a board depends on what a tie is worth."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from rating.bradley_terry import (
    MOST_STEPS,
    ROUNDING_NORM,
    STEP_CAP,
    STEP_NORM,
    Maximum,
    bradley_terry,
    diagonal,
    gaps,
    laplacian,
    refuse_infinite_strengths,
    solved,
)
from rating.covariance import bordered
from rating.errors import NotConverged
from rating.outcomes import Outcome
from rating.totals import Totals

Floats = NDArray[np.float64]


class Verdicts(NamedTuple):
    """The log-probabilities of the verdicts on one vote and their derivatives, by gap d = θ_i − θ_j and by tie η.

    Arrays (n, n, 3): i wins, j wins, neither.
    """

    log_p: Floats
    by_gap: Floats
    by_tie: Floats
    gap_gap: Floats
    gap_tie: Floats
    tie_tie: Floats


Model = Callable[[Floats, float], Verdicts]


def davidson_verdicts(gap: Floats, tie: float) -> Verdicts:
    """P(i) : P(j) : P(neither) = π_i : π_j : ν √(π_i π_j), with π = exp θ and ν = exp η."""
    parts = np.stack([gap / 2, -gap / 2, np.full_like(gap, tie)], axis=2)
    log_p = parts - np.logaddexp.reduce(parts, axis=2, keepdims=True)
    p = np.exp(log_p)
    mean, neither = (p[:, :, :1] - p[:, :, 1:2]) / 2, p[:, :, 2:]
    each = np.ones(3)
    return Verdicts(
        log_p,
        by_gap=np.array([0.5, -0.5, 0.0]) - mean,
        by_tie=np.array([0.0, 0.0, 1.0]) - neither,
        gap_gap=-((1 - neither) / 4 - mean**2) * each,
        gap_tie=mean * neither * each,
        tie_tie=-neither * (1 - neither) * each,
    )


def rao_kupper_verdicts(gap: Floats, tie: float) -> Verdicts:
    """P(i) = σ(d − η), P(j) = σ(−d − η), η > 0: a winner must be ahead by a threshold, log θ = η."""
    i, j = expit(gap - tie), expit(-gap - tie)
    win, loss = np.log(i), np.log(j)
    both = math.log(math.expm1(2 * tie))
    slope, bend = 2 / -math.expm1(-2 * tie), -4 * math.exp(-2 * tie) / math.expm1(-2 * tie) ** 2
    i_bend, j_bend = -i * (1 - i), -j * (1 - j)
    return Verdicts(
        log_p=np.stack([win, loss, both + win + loss], axis=2),
        by_gap=np.stack([1 - i, j - 1, j - i], axis=2),
        by_tie=np.stack([i - 1, j - 1, slope + i + j - 2], axis=2),
        gap_gap=np.stack([i_bend, j_bend, i_bend + j_bend], axis=2),
        gap_tie=np.stack([-i_bend, j_bend, j_bend - i_bend], axis=2),
        tie_tie=np.stack([i_bend, j_bend, i_bend + j_bend + bend], axis=2),
    )


def davidson(totals: Totals, prior: float, start: Floats | None = None) -> Maximum:
    """The most likely strengths and log ν. Davidson (1970), J. Amer. Statist. Assoc. 65, eq. 2.4. Raises as below."""
    return most_likely(davidson_verdicts, totals, prior, start, lambda share: math.log(2 * share / (1 - share)))


def rao_kupper(totals: Totals, prior: float, start: Floats | None = None) -> Maximum:
    """The most likely strengths and log θ. Rao & Kupper (1967), J. Amer. Statist. Assoc. 62. Raises as below."""
    return most_likely(rao_kupper_verdicts, totals, prior, start, lambda share: math.log((1 + share) / (1 - share)))


def most_likely(
    model: Model, totals: Totals, prior: float, start: Floats | None, tie_among_equals: Callable[[float], float]
) -> Maximum:
    """The maximum over strengths and the parameter of ties, by Newton's method with halved steps.

    Both log-likelihoods are concave in (θ, η). Without a tie both models are Bradley-Terry's, and so is the
    answer. tie_among_equals: η from the share of ties among equals, where the search sets out.
    Raises Disconnected, and NotConverged also where all votes are ties.
    """
    wins, ties = totals.wins, totals.ties
    if not ties.any():
        return bradley_terry(totals, prior, start)
    verdicts = np.stack([wins, wins.T, ties], axis=2)
    share = float(ties.sum() / verdicts.sum())
    if share >= 1:  # also where the weights of all wins are lost among those of the ties
        raise NotConverged("all votes are ties, so that their share has no finite parameter")
    if prior == 0:
        refuse_infinite_strengths(totals.points)
    n = len(wins)
    x = np.append(np.zeros(n) if start is None else start, tie_among_equals(share))
    value = objective(model, verdicts, prior, x)
    before = math.inf
    for _ in range(MOST_STEPS):
        gradient, curvature = slopes(model, verdicts, prior, x)
        step = solved(curvature, gradient)
        step *= STEP_CAP / max(float(np.abs(step).max()), STEP_CAP)
        norm = float(np.linalg.norm(step))
        if norm > ROUNDING_NORM:
            step, value = halved(model, verdicts, prior, x, step, value)
        x = x + step
        if norm <= STEP_NORM or before / 2 < norm <= ROUNDING_NORM:
            return maximum_at(model, verdicts, prior, x)
        before = norm
    raise NotConverged(f"Newton's method did not settle within {MOST_STEPS} steps")


def halved(model: Model, verdicts: Floats, prior: float, x: Floats, step: Floats, value: float) -> tuple[Floats, float]:
    """The step, halved until it lowers the objective, `value`, by no more than rounding, and what it is there."""
    while (ahead := objective(model, verdicts, prior, x + step)) < value - 1e-9 * abs(value):
        step = step / 2
    return step, ahead


def objective(model: Model, verdicts: Floats, prior: float, x: Floats) -> float:
    """The log-likelihood with the phantom games, at x = (θ, η); −∞ where Rao and Kupper's η is not positive."""
    strengths, tie = x[:-1], float(x[-1])
    if model is rao_kupper_verdicts and tie <= 0:
        return -math.inf
    seen = float((verdicts * model(gaps(strengths), tie).log_p).sum()) / 2
    phantom: float = -prior / 2 * float((np.logaddexp(0, strengths) + np.logaddexp(0, -strengths)).sum())
    return seen + phantom


def slopes(model: Model, verdicts: Floats, prior: float, x: Floats) -> tuple[Floats, Floats]:
    """The gradient (n + 1,) and minus the second derivatives (n + 1, n + 1) of the objective.

    Every vote stands twice among the verdicts, as (i, j) and as (j, i); sums over one index count it once for each
    player, and sums over both are halved. Raises NotConverged where Rao and Kupper's η is lost in rounding.
    """
    strengths, tie = x[:-1], float(x[-1])
    if model is rao_kupper_verdicts and tie <= 0:
        raise NotConverged("ties weigh so little that their share has no parameter in floating-point numbers")
    at = model(gaps(strengths), tie)
    sigma = expit(strengths)
    by_strength = (verdicts * at.by_gap).sum(axis=(1, 2)) + prior * (0.5 - sigma)
    gradient = np.append(by_strength, (verdicts * at.by_tie).sum() / 2)
    inner = laplacian(-(verdicts * at.gap_gap).sum(axis=2))
    diagonal(inner)[:] += prior * sigma * (1 - sigma)
    if prior == 0:
        # As in Bradley-Terry's: adding a constant to all strengths costs nothing.
        inner += float(np.trace(inner)) / len(strengths) ** 2
    border = -(verdicts * at.gap_tie).sum(axis=(1, 2))
    return gradient, bordered(inner, border, -float((verdicts * at.tie_tie).sum()) / 2)


def maximum_at(model: Model, verdicts: Floats, prior: float, x: Floats) -> Maximum:
    """The maximum at x = (θ, η)."""
    strengths, tie = x[:-1], float(x[-1])
    at = model(gaps(strengths), tie)
    verdict_of = [0, 1, 2, 2]  # by Outcome
    assert len(verdict_of) == len(Outcome)
    return Maximum(
        strengths=strengths - strengths.mean(),
        curvature=slopes(model, verdicts, prior, x)[1],
        won=at.by_gap[:, :, 0],
        tied=at.by_gap[:, :, 2],
        information=-(np.exp(at.log_p) * at.gap_gap).sum(axis=2),
        log_likelihood=float((verdicts * at.log_p).sum()) / 2,
        tie=tie,
        tie_scores=at.by_tie[:, :, verdict_of],
    )
