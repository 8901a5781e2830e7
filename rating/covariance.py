"""How sure the strengths are: the covariance of a maximum, by what is known of the votes."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rating.ballots import Ballots
from rating.bradley_terry import Maximum, laplacian, solved
from rating.errors import BadSetting
from rating.totals import Totals, over_verdicts

Floats = NDArray[np.float64]

Intervals = Literal["fisher", "sandwich", "cluster", "cautious"]

FEW_VOTES = 60  # of a player; below it the sandwich alone is too narrow
FEW_VOTERS = 200  # of a player, as many as would weigh the same if all were alike; below it the same holds


@dataclass(frozen=True, slots=True, eq=False)
class VoterSums:
    """What the votes of each voter v add up to at a maximum, summed over voters.

    With u_v the sum of the derivatives of the voter's votes and J_v = Σ w p(1 − p) e eᵀ their information, e being 1
    and −1 for the two players of a vote.
    """

    number: int
    """G, how many voters there are; 2 or more."""

    scores: Floats
    """Σ u_v u_vᵀ (m, m)."""

    effective: Floats | None = None
    """(n,), of each player's voters, how many of equal weight would vary as little: (Σ n_v)² / Σ n_v² (Kish 1965)."""

    information: Floats | None = None
    """Σ J_v² (n, n); None where nothing is made of few voters."""

    cubes: float = 0.0
    """Σ n_v³, n_v being the weight of all the voter's votes."""

    squares: float = 0.0
    """Σ n_v²."""

    def meat(self) -> Floats:
        """B (m, m): G/(G − 1) Σ u_v u_vᵀ.

        Liang & Zeger (1986), Biometrika 73; the factor as in Cameron & Miller (2015), J. Human Resources 50(2), eq. 9.
        """
        return self.scores * (self.number / (self.number - 1))


def covariance_of(
    maximum: Maximum, totals: Totals, meat: Floats | VoterSums | None, narrow: NDArray[np.bool_]
) -> Floats:
    """The covariance (n, n), nats², of the strengths about their mean.

    meat: B (m, m), how much the derivatives of the log-likelihood vary, or the sums over voters that say so; None
    trusts the likelihood (Fisher): M H⁻¹ M. With it, the sandwich M H⁻¹ B H⁻¹ M (Huber 1967; White 1982,
    Econometrica 50), which holds whatever a tie is worth, but comes out too narrow on few votes, where an undefeated
    player leaves no residuals, and on few voters, whose tastes the strengths follow. So a player that is `narrow`
    (n,), or where one is cautious has few voters, gets the larger of its variance there and in
    V = M H⁻¹ (φ̂ H + τ̂² X) H⁻¹ M, where votes vary by a factor φ̂ and voters' tastes by a variance τ̂²: see
    `dispersion` and `tastes`.

    Where V is larger, the player's row of the square root of the sandwich gives way to its row of the square
    root of V, and the covariance is that root times its transpose. It is therefore positive semidefinite, has
    exactly the larger variances on its diagonal, and equals V between players that take V and the sandwich
    between players that do not. Its rows sum to 0 only if no player, or every player, took V; the variance of
    a difference does not depend on that.
    """
    n = len(maximum.strengths)
    inverse = solved(maximum.curvature, np.eye(len(maximum.curvature)))[:n]
    inverse -= inverse.mean(axis=0)
    if meat is None:
        return symmetric(centred(inverse))
    voters = meat if isinstance(meat, VoterSums) else None
    varied = meat.meat() if isinstance(meat, VoterSums) else meat
    sandwich: Floats = inverse @ varied @ inverse.T
    if voters is not None and voters.effective is not None:
        narrow = narrow | (voters.effective < FEW_VOTERS)
    if narrow.any():
        model = centred(inverse) * dispersion(maximum, totals)
        if voters is not None and voters.information is not None:
            model += inverse[:, :n] @ tastes(maximum, totals, voters, voters.information) @ inverse[:, :n].T
        wider = narrow & (np.diagonal(model) > np.diagonal(sandwich))
        if wider.any():
            root = square_root(sandwich)
            root[wider] = square_root(model)[wider]
            sandwich = root @ root.T
    return symmetric(sandwich)


def centred(inverse: Floats) -> Floats:
    """M H⁻¹ M (n, n), of M H⁻¹ (n, m)."""
    strengths = inverse[:, : len(inverse)]
    about_mean: Floats = strengths - strengths.mean(axis=1, keepdims=True)
    return about_mean


def symmetric(matrix: Floats) -> Floats:
    """The mean of the matrix and its transpose, which only rounding tells apart."""
    return (matrix + matrix.T) / 2


def meat_of_votes(maximum: Maximum, totals: Totals) -> Floats:
    """B (m, m) where each vote is a draw of its own: Σ w² u uᵀ over the votes' derivatives u."""
    squared = totals.squared
    wins = squared.wins * maximum.won**2
    strengths = laplacian(wins + wins.T + squared.ties * maximum.tied**2)
    if maximum.tie_scores is None:
        return strengths
    crossed = over_verdicts(totals.squares * maximum.scores * maximum.tie_scores)
    return bordered(
        strengths, crossed.sum(axis=1) - crossed.sum(axis=0), float((totals.squares * maximum.tie_scores**2).sum())
    )


def meat_of_voters(maximum: Maximum, ballots: Ballots, *, cautious: bool = False) -> VoterSums:
    """What says how much the derivatives vary where each voter is a draw.

    cautious: also what few voters' tastes may hide. maximum.scores must be 0 for outcomes that are not counted.
    Raises BadSetting for fewer than two voters.
    """
    voters, number = ballots.voters()
    if number < 2:
        raise BadSetting("one voter's votes cannot say how voters vary: two are needed to cluster by voter")
    parts = [voter_sums(maximum.scores, ballots, voters, number)]
    if maximum.tie_scores is not None:
        by_tie = weighed(maximum.tie_scores, ballots)
        parts.append(csr_array(np.bincount(voters, by_tie, number)[:, None]))
    scores = np.block([[(left.T @ right).toarray() for right in parts] for left in parts])
    effective = effective_voters(ballots, voters, number) if cautious else None
    if effective is None or (effective >= FEW_VOTERS).all():
        return VoterSums(number, scores)
    each = np.bincount(voters, ballots.weight, number).astype(np.float64)
    information = information_squares(maximum.information, ballots, voters, number)
    return VoterSums(number, scores, effective, information, float((each**3).sum()), float((each**2).sum()))


def effective_voters(ballots: Ballots, voters: NDArray[np.intp], number: int) -> Floats:
    """(Σ n_v)² / Σ n_v² of each player, (n,), over the weights of its votes by voter; 0 without votes."""
    weights = np.ones(len(ballots)) if ballots.weight is None else ballots.weight
    given = by_voter(np.concatenate([weights, weights]), ballots, voters, number)
    total, squares = given.sum(axis=0), given.power(2).sum(axis=0)
    effective: Floats = total**2 / np.where(squares > 0, squares, 1.0)
    return effective


def information_squares(information: Floats, ballots: Ballots, voters: NDArray[np.intp], number: int) -> Floats:
    """Σ_v J_v² (n, n), from the information of a vote on each pair (n, n)."""
    n = ballots.players
    each = information[ballots.first, ballots.second]
    if ballots.weight is not None:
        each = each * ballots.weight
    a, b = ballots.first.astype(np.int64), ballots.second.astype(np.int64)
    # All J_v one below the other, (voters · n, n): the product with its transpose is the sum of their squares.
    rows = np.concatenate([voters * n + a, voters * n + b, voters * n + a, voters * n + b])
    columns = np.concatenate([a, b, b, a])
    stacked = csr_array((np.concatenate([each, each, -each, -each]), (rows, columns)), shape=(number * n, n))
    squares: Floats = (stacked.T @ stacked).toarray()
    return squares


def tastes(maximum: Maximum, totals: Totals, voters: VoterSums, information: Floats) -> Floats:
    """τ̂² X (n, n): what voters' tastes add to the variance of the derivatives beside that of votes by themselves.

    Model: voter v sees player i at θ_i + b_vi, the b_vi independent with the variance τ². Then u_v varies by J_v b_v,
    and votes of one voter go together by τ² X, X = Σ_v J_v² − Σ_votes (w p(1 − p))² 2 e eᵀ; the votes by
    themselves are in φ̂ H already. τ̂² equates the traces of what is seen and expected, as in the analysis
    of variance of a random effect (Henderson 1953, Biometrics 9):

        tr(Σ u_v u_vᵀ − B_votes) = τ² tr X (1 − 2 m₃/m₂ + m₂) − φ̂ tr(Σ_v J_v H⁻¹ J_v, without the votes by themselves).

    Both corrections are for the fit, which follows the votes it is judged by (Mancl & DeRouen 2001, Biometrics 57).
    The last is exact where voters have no tastes; the factor, with m_k = Σ h_v^k over the voters' shares h_v of the
    votes, is so where each voter votes on all pairs alike: with G equal voters it is 1 − 1/G.
    τ̂² ≤ 2 φ̂: a vote's own taste 2 τ² (p(1 − p))² cannot vary more than the vote does.
    """
    n = len(maximum.strengths)
    votes_of = over_verdicts(totals.squares) * maximum.information**2
    alone = votes_of + votes_of.T
    inverse = solved(maximum.curvature, np.eye(len(maximum.curvature)))[:n, :n]
    shared = information - laplacian(2 * alone)
    expected = float(np.trace(shared))
    if expected <= 1e-9 * float(np.trace(information)):
        return np.zeros((n, n))  # nobody voted twice
    variances = np.diagonal(inverse)
    leverage = variances[:, None] + variances[None, :] - 2 * inverse
    followed = float((inverse * information).sum() - (alone * leverage).sum())
    seen = float(np.trace(voters.scores[:n, :n]) - np.trace(meat_of_votes(maximum, totals)[:n, :n]))
    total = float(totals.weights.sum())
    m2, m3 = voters.squares / total**2, voters.cubes / total**3
    phi = dispersion(maximum, totals)
    variance = (seen + phi * followed) / (expected * (1 - 2 * m3 / m2 + m2))
    return min(max(variance, 0.0), 2 * phi) * shared


def voter_sums(scores: Floats, ballots: Ballots, voters: NDArray[np.intp], number: int) -> "csr_array":
    """u_v of all voters, sparse (voters, n)."""
    by_gap = weighed(scores, ballots)
    return by_voter(np.concatenate([by_gap, -by_gap]), ballots, voters, number)


def by_voter(values: Floats, ballots: Ballots, voters: NDArray[np.intp], number: int) -> "csr_array":
    """Sums over each voter's votes, sparse (voters, n), of values for the first players and then the second."""
    players = np.concatenate([ballots.first, ballots.second])
    return csr_array((values, (np.tile(voters, 2), players)), shape=(number, ballots.players))


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

    Σ (y − p)² / mean p(1 − p), with a vote of the full variance and half a one more per player added: residuals of a
    fit with almost as many strengths as votes say nothing, and φ̂ then stays near 1.
    """
    votes = float(totals.weights.sum())
    if votes == 0 or maximum.tie is not None:
        return 1.0
    # Every pair stands twice among the meetings and the ties.
    expected = float(np.vdot(totals.meetings, maximum.information)) / 2 / votes
    seen = float(np.vdot(totals.wins, maximum.won**2) + np.vdot(totals.ties, maximum.tied**2) / 2)
    added = 1 + len(maximum.strengths) / 2
    return (added + seen / expected) / (added + votes)


def square_root(matrix: Floats) -> Floats:
    """The symmetric root of a positive semidefinite matrix (n, n)."""
    values, vectors = np.linalg.eigh(symmetric(matrix))
    root: Floats = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return root
