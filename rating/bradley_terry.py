"""Bradley-Terry ratings: the strengths that make the votes most likely, and how sure they are.

In the order of the computation: votes → wins and ties → Newton → Hessian and meat → covariance → Fit.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit, ndtri

from rating.errors import BadSetting, Disconnected, Empty, NotConverged
from rating.outcomes import Outcome
from rating.tally import Counts, Tally, groups

Floats = NDArray[np.float64]

ELO_PER_NAT = 400 / math.log(10)
ELO_MEAN = 1000.0

STEP_NORM = 1e-10  # nats; where Newton stops. Its next step would be of the order of the square
ROUNDING_NORM = 1e-5  # nats; a step above it is never rounding error
STEP_CAP = 2.0  # nats; beyond it the quadratic picture of the likelihood says nothing
MOST_STEPS = 100  # ordinary boards take 5 to 10
FEW_VOTES = 60  # below it the sandwich alone is too narrow


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Strengths of n players and their uncertainty. Nothing in it is NaN or infinite."""

    strengths: Floats
    """(n,), nats, mean zero: σ(strengths[i] − strengths[j]) is the expected score of i against j."""

    covariance: Floats
    """(n, n), nats², of the strengths about their mean; see `covariance_of`."""

    votes: NDArray[np.int64]
    """(n,), the votes each player took part in and the fit counted."""

    log_likelihood: float
    """nats, of all votes, without the phantom games: Σ S_ij log σ(θ_i − θ_j), S_ij counting a tie as ½."""

    @property
    def log_likelihood_per_vote(self) -> float:
        """nats; 0 where there are no votes."""
        votes = int(self.votes.sum()) // 2
        return self.log_likelihood / votes if votes else 0.0

    def ratings(self) -> Floats:
        """Elo points (n,), mean 1000."""
        return ELO_MEAN + ELO_PER_NAT * self.strengths

    def standard_errors(self) -> Floats:
        """Elo points (n,), of the ratings."""
        return ELO_PER_NAT * np.sqrt(np.maximum(np.diagonal(self.covariance), 0.0))

    def intervals(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """The low and the high end, Elo points (n,) each, of a normal interval for each rating by itself.

        level: its coverage, between 0 and 1. Raises BadSetting.
        """
        if not 0 < level < 1:
            raise BadSetting(f"the level of an interval must lie between 0 and 1, not {level}")
        reach = float(ndtri((1 + level) / 2)) * self.standard_errors()
        ratings = self.ratings()
        return ratings - reach, ratings + reach

    def ranks(self) -> NDArray[np.int64]:
        """Ranks (n,), 1 for the strongest. Of equals, the lower id stands first."""
        # Rounded to what the solver can tell apart, lest rounding errors order equal players.
        order = np.argsort(-np.round(self.strengths, 9), kind="stable")
        ranks = np.empty(order.size, dtype=np.int64)
        ranks[order] = np.arange(1, order.size + 1)
        return ranks

    def difference_se(self, i: int, j: int) -> float:
        """Elo points, the standard error of rating i minus rating j."""
        variance = self.covariance[i, i] + self.covariance[j, j] - 2 * self.covariance[i, j]
        return ELO_PER_NAT * math.sqrt(max(float(variance), 0.0))


def fit(tally: Tally, *, prior: float = 0.5, both_bad: Literal["half", "drop"] = "half") -> Fit:
    """Bradley-Terry strengths by maximum likelihood; ties, and both-bad unless dropped, count half.

    tally.counts: int64 (n, n, 4), [first, second, outcome]; prior: phantom games, each half won, that every
    player has against a player of strength 0: they keep the undefeated, the winless and the unmet finite.
    With them the fit is finite for any board, and `tally.components()` says who was never compared.

    Raises Empty for no players; BadSetting; with prior 0, Disconnected if no chain of votes joins two players,
    and NotConverged if some never lost a point to the others; NotConverged also where floats run out of digits
    (a prior below about 1e-8, or some 1e9 votes a pair that contradict each other).
    Bradley & Terry (1952), Biometrika 39; Hunter (2004), Ann. Statist. 32(1), eq. 2 and assumption 1.
    """
    if tally.players == 0:
        raise Empty("there are no players to rate")
    if not (math.isfinite(prior) and prior >= 0):
        raise BadSetting(f"the prior must be a number of games, 0 or more, not {prior}")
    counted = counted_votes(tally, both_bad)
    wins, ties = wins_and_ties(counted.counts)
    points = wins + ties / 2
    if prior == 0:
        refuse_infinite_strengths(points)
    strengths = most_likely_strengths(points, prior)
    votes = counted.games()
    return Fit(
        strengths=strengths - strengths.mean(),
        covariance=covariance_of(strengths, wins, ties, prior, votes),
        votes=votes,
        log_likelihood=-float(np.sum(points * np.logaddexp(0.0, -gaps(strengths)))),
    )


def counted_votes(tally: Tally, both_bad: str) -> Tally:
    """The votes a fit counts: all, or all but both-bad. Raises BadSetting."""
    if both_bad == "half":
        return tally
    if both_bad != "drop":
        raise BadSetting(f'both_bad must be "half" or "drop", not {both_bad!r}')
    counts = tally.counts.copy()
    counts[:, :, Outcome.BOTH_BAD] = 0
    return Tally(counts)


def wins_and_ties(counts: Counts) -> tuple[Floats, Floats]:
    """W (n, n), the votes for i against j, and T (n, n), symmetric, the votes for neither."""
    first_won, second_won = counts[:, :, Outcome.A], counts[:, :, Outcome.B]
    undecided = counts[:, :, Outcome.TIE] + counts[:, :, Outcome.BOTH_BAD]
    return (first_won + second_won.T).astype(np.float64), (undecided + undecided.T).astype(np.float64)


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


def most_likely_strengths(points: Floats, prior: float) -> Floats:
    """The maximum θ (n,), nats, of Σ S_ij log σ(θ_i − θ_j) + the phantom games, by Newton's method from 0.

    points: S (n, n). Raises NotConverged.
    """
    strengths = np.zeros(points.shape[0])
    before = math.inf
    for _ in range(MOST_STEPS):
        step = solved(hessian(points, strengths, prior), gradient(points, strengths, prior))
        strengths += step * (STEP_CAP / max(float(np.abs(step).max()), STEP_CAP))
        norm = float(np.linalg.norm(step))
        # Steps this small shrink to their square. One that does not is the rounding error of huge counts.
        if norm <= STEP_NORM or before / 2 < norm <= ROUNDING_NORM:
            return strengths
        before = norm
    raise NotConverged(f"Newton's method did not settle within {MOST_STEPS} steps")


def gradient(points: Floats, strengths: Floats, prior: float) -> Floats:
    """Σ_j (S_ij (1 − p_ij) − S_ji p_ij) + g (½ − σ(θ_i)), (n,).

    The sum equals Σ_j (S_ij − N_ij p_ij), but keeps its digits where p is near 1 and N is large.
    """
    surprise = points * expit(-gaps(strengths))
    phantom: Floats = prior * (0.5 - expit(strengths))
    rows: Floats = surprise.sum(axis=1) - surprise.sum(axis=0)
    return rows + phantom


def hessian(points: Floats, strengths: Floats, prior: float) -> Floats:
    """Laplacian(N p (1 − p)) + diag(g σ (1 − σ)), (n, n), of minus the log-likelihood; positive definite.

    Without a prior only differences matter and adding a constant to all strengths costs nothing. A multiple
    of the all-ones matrix then fills that one direction; a gradient sums to zero and so never meets it.
    """
    p = expit(gaps(strengths))
    full = laplacian((points + points.T) * p * p.T)
    if prior == 0:
        n = len(strengths)
        return full + (float(np.trace(full)) / n**2 if n > 1 else 1.0)
    sigma = expit(strengths)
    full[np.diag_indices_from(full)] += prior * sigma * (1 - sigma)
    return full


def laplacian(weights: Floats) -> Floats:
    """The matrix of Σ_{i<j} w_ij (x_i − x_j)² for symmetric weights (n, n) with a zero diagonal."""
    full: Floats = -weights
    full[np.diag_indices_from(full)] = weights.sum(axis=1)
    return full


def solved(matrix: Floats, right: Floats) -> Floats:
    """matrix⁻¹ · right by Cholesky. Raises NotConverged where the matrix has no digits left."""
    try:
        solution: Floats = cho_solve(cho_factor(matrix, lower=True), right)
    except (np.linalg.LinAlgError, ValueError) as why:
        raise NotConverged("the votes determine the strengths too weakly for this prior") from why
    if not np.isfinite(solution).all():
        raise NotConverged("the votes determine the strengths too weakly for this prior")
    return solution


def covariance_of(strengths: Floats, wins: Floats, ties: Floats, prior: float, votes: NDArray[np.int64]) -> Floats:
    """The covariance (n, n), nats², of the strengths about their mean: a sandwich, wider where votes are few.

    The sandwich M H⁻¹ B H⁻¹ M (Huber 1967; White 1982, Econometrica 50) holds whatever a tie is worth, but
    comes out too narrow on few votes: an undefeated player leaves no residuals. So a player with fewer than
    60 votes gets the larger of its variance there and in V = φ̂ M H⁻¹ M.

    Where V is larger, the player's row of the square root of the sandwich gives way to its row of the square
    root of V, and the covariance is that root times its transpose. It is therefore positive semidefinite, has
    exactly the larger variances on its diagonal, and equals V between players that take V and the sandwich
    between players that do not. Its rows sum to 0 only if no player, or every player, took V; the variance of
    a difference does not depend on that.
    """
    curvature = hessian(wins + ties / 2, strengths, prior)
    inverse = solved(curvature, np.eye(len(strengths)))
    inverse -= inverse.mean(axis=0)
    squares = squared_residuals(wins, ties, strengths)
    sandwich: Floats = inverse @ laplacian(squares) @ inverse.T
    model = dispersion(squares, wins + ties / 2, strengths) * (inverse - inverse.mean(axis=1, keepdims=True))

    wider = (votes < FEW_VOTES) & (np.diagonal(model) > np.diagonal(sandwich))
    if wider.any():
        root = square_root(sandwich)
        root[wider] = square_root(model)[wider]
        sandwich = root @ root.T
    return (sandwich + sandwich.T) / 2


def squared_residuals(wins: Floats, ties: Floats, strengths: Floats) -> Floats:
    """R (n, n), symmetric: Σ (y − p)² over the votes of each pair, y being 1, ½ or 0."""
    p = expit(gaps(strengths))
    return wins * p.T**2 + wins.T * p**2 + ties * (0.5 - p) ** 2


def dispersion(squares: Floats, points: Floats, strengths: Floats) -> float:
    """φ̂: how much votes vary, as a share of what they would without ties; 1 where there are none.

    Σ (y − p)² / mean p(1 − p), with one vote of the full variance added per player: residuals of a fit with
    almost as many strengths as votes say nothing, and φ̂ then stays near 1.
    """
    p = expit(gaps(strengths))
    players, votes = len(strengths), float(points.sum())
    if votes == 0:
        return 1.0
    expected = float(np.sum(points * p * p.T)) / votes
    return (players + float(squares.sum()) / 2 / expected) / (players + votes)


def square_root(matrix: Floats) -> Floats:
    """The symmetric root of a positive semidefinite matrix (n, n)."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    root: Floats = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return root
