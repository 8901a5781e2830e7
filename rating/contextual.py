"""Style control: how good players are once it is taken into account how their answers looked."""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.special import expit

from rating.ballots import Ballots, checked_features
from rating.bradley_terry import (
    MOST_STEPS,
    ROUNDING_NORM,
    STEP_CAP,
    STEP_NORM,
    expected_scores,
    gaps,
    laplacian,
    solved,
)
from rating.covariance import Intervals, by_voter, square_root
from rating.errors import BadFeatures, BadSetting, NotConverged
from rating.fitting import Fit, fit, quantile
from rating.outcomes import POINTS
from rating.tally import Tally
from rating.totals import BothBad, counted_outcomes

Floats = NDArray[np.float64]

SCORES = np.array(POINTS)
SAME = 1e-9  # a share of a feature's variance so small is rounding error: the rest of it follows from other columns


@dataclass(frozen=True, slots=True, eq=False)
class Contextual:
    """Two boards of the same votes, and what style is worth: log-odds = θ_first − θ_second + β · x.

    x are a vote's features, each over its scale, then a 1 for the first side where that was asked for.
    """

    raw: Fit
    """The board that knows of no style."""

    controlled: Fit
    """The board of answers of the same style. Its log-likelihood and covariance are those of the larger model."""

    coefficients: Floats
    """β (k,), nats per scale of the feature; the last is the advantage of the first side, where it was asked for."""

    covariance: Floats
    """(k, k), nats², of the coefficients."""

    scales: Floats
    """(k,), what each feature was divided by: its standard deviation about 0; 1 for the first side."""

    def standard_errors(self) -> Floats:
        """Nats (k,), of the coefficients."""
        return np.sqrt(np.maximum(np.diagonal(self.covariance), 0.0))

    def odds(self, level: float = 0.95) -> tuple[Floats, Floats, Floats]:
        """By how much one standard deviation of each feature multiplies the odds, (k,), with low and high ends.

        level: the coverage of an interval. Raises BadSetting.
        """
        reach = quantile(level) * self.standard_errors()
        return tuple(np.exp(self.coefficients + side * reach) for side in (0, -1, 1))  # type: ignore[return-value]


def style_features(first: ArrayLike, second: ArrayLike) -> Floats:
    """How the style of two answers differs: (a − b) / (a + b), and 0 where neither has any, (votes, k).

    first, second: how much each answer has of each thing, (votes, k), 0 or more: its length, headers, list items,
    bold words. Raises BadFeatures. LMSYS (2024), "Does style matter?".
    """
    a, b = (checked_features(each, len(np.atleast_1d(np.asarray(each)))) for each in (first, second))
    if a.shape != b.shape:
        raise BadFeatures(f"features of the shapes {a.shape} and {b.shape} are not of the same votes")
    negative = (a < 0) | (b < 0)
    if negative.any():
        raise BadFeatures(f"vote {int(np.argmax(negative.any(axis=1)))}: an answer cannot have less than nothing")
    # Halves, lest the sum of two huge numbers overflow.
    whole = a / 2 + b / 2
    return np.divide(a / 2 - b / 2, whole, out=np.zeros_like(whole), where=whole > 0)


class Rows(NamedTuple):
    """The votes that count, or votes of the same kind together, in columns (rows,)."""

    players: int
    pair: NDArray[np.intp]
    """first · n + second."""
    score: Floats
    """What the first player scored."""
    weight: Floats
    """Σ w."""
    square: Floats
    """Σ w²: what the row contributes to a variance."""
    features: Floats
    """x (k, rows)."""
    ballots: Ballots | None
    """The votes of the rows, where each is one."""


class Penalty(NamedTuple):
    """What keeps strengths and coefficients finite; see `fit_contextual`."""

    prior: float
    ridge: float


class Point(NamedTuple):
    """The log-likelihood and its shape at some θ and β."""

    log_likelihood: float
    objective: float
    gradient: Floats
    curvature: Floats
    p: Floats
    """(rows,), the expected scores of the first players."""


def fit_contextual(
    votes: Tally | Ballots,
    *,
    prior: float = 0.5,
    ridge: float = 1.0,
    side: bool = False,
    both_bad: BothBad = "half",
    intervals: Intervals | None = None,
) -> Contextual:
    """Bradley-Terry strengths beside coefficients of style, most likely together; ties count half.

    Features are those of the ballots. They are divided by their standard deviation about 0 and not centred: 0 is
    the style of the other answer, and a centred feature would favour a side.
    ridge: ridge/2 · |β|² is subtracted from the log-likelihood summed over votes: as if other votes had said that
    each coefficient is 0 ± 1/√ridge nats. It keeps the coefficient of a feature finite that foretells every vote.
    side: whether the first side has an advantage to be estimated; it needs no features, and takes a Tally too.
    prior, both_bad, intervals: as in `fit`; the sandwich is that of all parameters together.

    Raises what `fit` raises, BadFeatures where there are none or where one is always 0, follows from the others or
    from who met whom, BadSetting, and NotConverged with ridge 0 also where a feature foretells every vote.
    Chiang et al. (2024), arXiv 2403.04132; LMSYS (2024), "Does style matter?". As a logistic regression:
    McCullagh & Nelder (1989), Generalized Linear Models, § 4.
    """
    if not (math.isfinite(ridge) and ridge >= 0):
        raise BadSetting(f"the ridge must be a number of 0 or more, not {ridge}")
    raw = fit(votes, prior=prior, both_bad=both_bad, intervals=intervals)
    rows = rows_of(votes, counted_outcomes("half", both_bad), side)
    scales = scales_of(rows)
    rows = rows._replace(features=rows.features / scales[:, None])
    refuse_repeated_features(rows)
    penalty = Penalty(prior, ridge)
    x, point = most_likely(rows, penalty, np.append(raw.strengths, np.zeros(len(scales))))
    meat = meat_of(rows, point, intervals)
    controlled, covariance = boards_of(raw, rows, x, point, meat)
    return Contextual(raw, controlled, x[rows.players :], covariance, scales)


def rows_of(votes: Tally | Ballots, counted: Floats, side: bool) -> Rows:
    """The votes that count, a row each, or a row for all of the same kind where they come as a tally.

    counted: (4,), see `counted_outcomes`. Raises BadFeatures where there is nothing to control for.
    """
    if isinstance(votes, Ballots):
        kept = votes.counted(counted)
        first, second, score = kept.first.astype(np.intp), kept.second.astype(np.intp), SCORES[kept.outcome]
        weight = np.ones(len(kept)) if kept.weight is None else kept.weight
        square, columns, voters = weight**2, [] if kept.features is None else list(kept.features.T), kept
    else:
        first, second, outcome = np.nonzero(votes.counts * counted)
        weight = square = votes.counts[first, second, outcome].astype(np.float64)
        columns, score, voters = [], SCORES[outcome], None
    if side:
        columns.append(np.ones(first.size))
    if not columns:
        raise BadFeatures("there is no style to control for: the votes have no features")
    return Rows(votes.players, first * votes.players + second, score, weight, square, np.array(columns), voters)


def scales_of(rows: Rows) -> Floats:
    """√(Σ w x² / Σ w) of each feature, (k,). Raises BadFeatures where it is 0."""
    largest = np.abs(rows.features).max(axis=1, initial=0.0)
    if (largest == 0).any():
        raise BadFeatures(f"feature {int(np.argmin(largest))} is 0 in every vote that counts and tells nothing")
    # Squares of tiny or huge features would leave the range of floats.
    scales: Floats = largest * np.sqrt((rows.features / largest[:, None]) ** 2 @ rows.weight / rows.weight.sum())
    return scales


def blocks(rows: Rows, values: Floats) -> tuple[Floats, Floats, Floats]:
    """Σ values z zᵀ over rows in blocks (n, n), (n, k) and (k, k), z being (e_first − e_second, x)."""
    n = rows.players
    on_pairs = pair_sums(rows, values)
    across = np.stack([by_player(pair_sums(rows, values * column)) for column in rows.features], axis=1)
    return laplacian(on_pairs + on_pairs.T), across.reshape(n, -1), (rows.features * values) @ rows.features.T


def pair_sums(rows: Rows, values: Floats) -> Floats:
    """The sums of values (rows,) by first and second player, (n, n)."""
    sums = np.bincount(rows.pair, values, rows.players**2).astype(np.float64, copy=False)
    return sums.reshape(rows.players, rows.players)


def by_player(on_pairs: Floats) -> Floats:
    """Σ values (e_first − e_second), (n,), from their sums by pair (n, n)."""
    sums: Floats = on_pairs.sum(axis=1) - on_pairs.sum(axis=0)
    return sums


def refuse_repeated_features(rows: Rows) -> None:
    """Raise BadFeatures where a feature follows from others or, as a difference of players, from who met whom."""
    inner, across, corner = blocks(rows, rows.weight)
    inner += float(np.trace(inner)) / rows.players**2
    left = corner - across.T @ solved(inner, across)
    size = np.sqrt(np.diagonal(corner))
    values, vectors = np.linalg.eigh(left / size / size[:, None])
    if values[0] < SAME:
        which = ", ".join(str(place) for place in np.flatnonzero(np.abs(vectors[:, 0]) > np.sqrt(SAME)))
        raise BadFeatures(f"of the features {which} one follows from the others or from who met whom: leave it out")


def most_likely(rows: Rows, penalty: Penalty, x: Floats) -> tuple[Floats, Point]:
    """The maximum, x = (θ, β), and the shape there, by Newton's method with halved steps. Raises NotConverged."""
    point = shape_at(rows, penalty, x)
    before = math.inf
    for _ in range(MOST_STEPS):
        step = solved(point.curvature, point.gradient)
        step *= STEP_CAP / max(float(np.abs(step).max()), STEP_CAP)
        ahead = shape_at(rows, penalty, x + step)
        norm = float(np.linalg.norm(step))
        while norm > ROUNDING_NORM and ahead.objective < point.objective:
            step, norm = step / 2, norm / 2
            ahead = shape_at(rows, penalty, x + step)
        x, point = x + step, ahead
        if norm <= STEP_NORM or before / 2 < norm <= ROUNDING_NORM:
            return x, point
        before = norm
    raise NotConverged(f"Newton's method did not settle within {MOST_STEPS} steps: a ridge above 0 may help")


def shape_at(rows: Rows, penalty: Penalty, x: Floats) -> Point:
    """The log-likelihood, the penalised one and its derivatives at x = (θ, β)."""
    n = rows.players
    strengths, style = x[:n], x[n:]
    gap = gaps(strengths).ravel()[rows.pair] + style @ rows.features
    p = expit(gap)
    seen = float(rows.weight @ (rows.score * gap - np.logaddexp(0.0, gap)))
    phantom = penalty.prior / 2 * float((np.logaddexp(0, strengths) + np.logaddexp(0, -strengths)).sum())
    surprise = rows.weight * (rows.score - p)
    sigma = expit(strengths)
    by_strength = by_player(pair_sums(rows, surprise)) + penalty.prior * (0.5 - sigma)
    gradient = np.append(by_strength, rows.features @ surprise - penalty.ridge * style)
    inner, across, corner = blocks(rows, rows.weight * p * (1 - p))
    inner[np.diag_indices(n)] += penalty.prior * sigma * (1 - sigma)
    if penalty.prior == 0:
        # As in Bradley-Terry's: adding a constant to all strengths costs nothing.
        inner += float(np.trace(inner)) / n**2
    corner[np.diag_indices(len(style))] += penalty.ridge
    curvature = np.block([[inner, across], [across.T, corner]])
    return Point(seen, seen - phantom - penalty.ridge / 2 * float(style @ style), gradient, curvature, p)


def meat_of(rows: Rows, point: Point, intervals: Intervals | None) -> Floats | None:
    """B (n + k, n + k), how much the derivatives vary; None for Fisher's. `fit` has found the setting good."""
    voters_known = rows.ballots is not None and rows.ballots.voter is not None
    chosen = intervals or ("cautious" if voters_known else "sandwich")
    if chosen == "fisher":
        return None
    residual = rows.score - point.p
    if chosen == "sandwich" or rows.ballots is None:
        inner, across, corner = blocks(rows, rows.square * residual**2)
        return np.block([[inner, across], [across.T, corner]])
    voter, number = rows.ballots.voters()
    each = rows.weight * residual
    style = [np.bincount(voter, each * column, number) for column in rows.features]
    parts = [by_voter(np.concatenate([each, -each]), rows.ballots, voter, number), csr_array(np.stack(style, axis=1))]
    meat = np.block([[np.asarray((left.T @ right).toarray()) for right in parts] for left in parts])
    return meat * (number / (number - 1))


def boards_of(raw: Fit, rows: Rows, x: Floats, point: Point, meat: Floats | None) -> tuple[Fit, Floats]:
    """The controlled board, and the covariance (k, k) of the coefficients.

    Both come from the sandwich H⁻¹ B H⁻¹ of all parameters. It is too narrow on few votes, and then a strength has
    the variance it has on the raw board, which knows of few votes and voters: a model with more to estimate cannot
    know it better. A coefficient has at least φ̂ H⁻¹: a feature that foretells every vote leaves no residuals.
    """
    n = rows.players
    inverse = solved(point.curvature, np.eye(len(x)))
    sandwich = inverse if meat is None else inverse @ meat @ inverse
    strengths = sandwich[:n, :n] - sandwich[:n, :n].mean(axis=0)
    strengths -= strengths.mean(axis=1, keepdims=True)
    style = sandwich[n:, n:]
    if meat is not None:
        strengths = never_narrower(strengths, raw.covariance)
        style = never_narrower(style, inverse[n:, n:] * dispersion(raw, rows))
    controlled = replace(
        raw,
        strengths=x[:n] - x[:n].mean(),
        covariance=(strengths + strengths.T) / 2,
        log_likelihood=point.log_likelihood,
    )
    return controlled, (style + style.T) / 2


def dispersion(raw: Fit, rows: Rows) -> float:
    """φ̂, as in `covariance.dispersion`: how much votes vary, as a share of what they would without ties.

    By the residuals of the raw board: those of this model vanish where a feature foretells every vote.
    """
    p = expected_scores(raw.strengths).ravel()[rows.pair]
    votes, added = float(rows.weight.sum()), 1 + rows.players / 2
    expected = float(rows.weight @ (p * (1 - p))) / votes
    seen = float(rows.weight @ (rows.score - p) ** 2)
    return (added + seen / expected) / (added + votes)


def never_narrower(covariance: Floats, floor: Floats) -> Floats:
    """A covariance with the larger of both variances in every row, by the rows of their square roots."""
    wider = np.diagonal(floor) > np.diagonal(covariance)
    root = square_root(covariance)
    root[wider] = square_root(floor)[wider]
    return root @ root.T
