"""How sure the strengths are: the covariance of a maximum, by what is known of the votes."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import expit

from rating.ballots import Ballots
from rating.bradley_terry import Maximum, gaps, laplacian, solved
from rating.errors import BadSetting
from rating.totals import Totals

Floats = NDArray[np.float64]

Intervals = Literal["fisher", "sandwich", "cluster"]

FEW_VOTES = 60  # below it the sandwich alone is too narrow


def covariance_of(maximum: Maximum, totals: Totals, meat: Floats | None, narrow: NDArray[np.bool_]) -> Floats:
    """The covariance (n, n), nats², of the strengths about their mean.

    meat: B (m, m), how much the derivatives of the log-likelihood vary; None trusts the likelihood (Fisher):
    M H⁻¹ M. With it, the sandwich M H⁻¹ B H⁻¹ M (Huber 1967; White 1982, Econometrica 50), which holds whatever
    a tie is worth, but comes out too narrow on few votes: an undefeated player leaves no residuals. So a player
    that is `narrow` (n,) gets the larger of its variance there and in V = φ̂ M H⁻¹ M.

    Where V is larger, the player's row of the square root of the sandwich gives way to its row of the square
    root of V, and the covariance is that root times its transpose. It is therefore positive semidefinite, has
    exactly the larger variances on its diagonal, and equals V between players that take V and the sandwich
    between players that do not. Its rows sum to 0 only if no player, or every player, took V; the variance of
    a difference does not depend on that.
    """
    n = len(maximum.strengths)
    inverse = solved(maximum.curvature, np.eye(len(maximum.curvature)))[:n]
    inverse -= inverse.mean(axis=0)
    model: Floats = inverse[:, :n] - inverse[:, :n].mean(axis=1, keepdims=True)
    if meat is None:
        return (model + model.T) / 2
    sandwich: Floats = inverse @ meat @ inverse.T
    model *= dispersion(maximum, totals)
    wider = narrow & (np.diagonal(model) > np.diagonal(sandwich))
    if wider.any():
        root = square_root(sandwich)
        root[wider] = square_root(model)[wider]
        sandwich = root @ root.T
    return (sandwich + sandwich.T) / 2


def meat_of_votes(maximum: Maximum, totals: Totals) -> Floats:
    """B (m, m) where each vote is a draw of its own: Σ w² u uᵀ over the votes' derivatives u."""
    squares = (totals.squares * maximum.scores**2).sum(axis=2)
    strengths = laplacian(squares + squares.T)
    if maximum.tie_scores is None:
        return strengths
    crossed = (totals.squares * maximum.scores * maximum.tie_scores).sum(axis=2)
    return bordered(
        strengths, crossed.sum(axis=1) - crossed.sum(axis=0), float((totals.squares * maximum.tie_scores**2).sum())
    )


def meat_of_voters(maximum: Maximum, ballots: Ballots) -> Floats:
    """B (m, m) where each voter is a draw: G/(G − 1) Σ_v u_v u_vᵀ, u_v being the sum of the voter's derivatives.

    maximum.scores must be 0 for outcomes that are not counted. Raises BadSetting for fewer than two voters.
    Liang & Zeger (1986), Biometrika 73; the factor as in Cameron & Miller (2015), J. Human Resources 50(2), eq. 9.
    """
    voters, number = ballots.voters()
    if number < 2:
        raise BadSetting("one voter's votes cannot say how voters vary: two are needed to cluster by voter")
    parts = [voter_sums(maximum, ballots, voters, number)]
    if maximum.tie_scores is not None:
        by_tie = weighed(maximum.tie_scores, ballots)
        parts.append(csr_array(np.bincount(voters, by_tie, number)[:, None]))
    return meat_of_sums(parts, number)


def voter_sums(maximum: Maximum, ballots: Ballots, voters: NDArray[np.intp], number: int) -> "csr_array":
    """u_v of all voters, sparse (voters, n)."""
    by_gap = weighed(maximum.scores, ballots)
    values = np.concatenate([by_gap, -by_gap])
    players = np.concatenate([ballots.first, ballots.second])
    return csr_array((values, (np.tile(voters, 2), players)), shape=(number, ballots.players))


def meat_of_sums(parts: "list[csr_array]", number: int) -> Floats:
    """G/(G − 1) Σ_v u_v u_vᵀ; parts: columns of u (voters, …), sparse."""
    products = [[np.asarray((left.T @ right).toarray()) for right in parts] for left in parts]
    meat: Floats = np.block(products) * (number / (number - 1))
    return meat


def weighed(scores: Floats, ballots: Ballots) -> Floats:
    """The score of each vote, times its weight, (votes,)."""
    each: Floats = scores[ballots.first, ballots.second, ballots.outcome]
    return each if ballots.weight is None else each * ballots.weight


def bordered(inner: Floats, border: Floats, corner: float) -> Floats:
    """The symmetric matrix (n + 1, n + 1) of an inner one (n, n), its last row and its last element."""
    full = np.empty((len(inner) + 1, len(inner) + 1))
    full[:-1, :-1], full[:-1, -1], full[-1, :-1], full[-1, -1] = inner, border, border, corner
    return full


def dispersion(maximum: Maximum, totals: Totals) -> float:
    """φ̂: how much votes vary, as a share of what they would without ties; 1 where ties have a model of their own.

    Σ (y − p)² / mean p(1 − p), with one vote of the full variance added per player: residuals of a fit with
    almost as many strengths as votes say nothing, and φ̂ then stays near 1.
    """
    votes = float(totals.weights.sum())
    if votes == 0 or maximum.tie is not None:
        return 1.0
    p = expit(gaps(maximum.strengths))
    expected = float(np.sum(totals.weights.sum(axis=2) * p * p.T)) / votes
    seen = float((totals.weights * maximum.scores**2).sum())
    players = len(maximum.strengths)
    return (players + seen / expected) / (players + votes)


def square_root(matrix: Floats) -> Floats:
    """The symmetric root of a positive semidefinite matrix (n, n)."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    root: Floats = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return root
