"""What clustering by voter needs of all voters together, in a size that does not grow with them.

A voter v gave n_v[pair] votes on each pair of players, and in them s_v[pair] points to the one with the lower id. At
any strengths its derivative of the log-likelihood is u_v = E (s_v − n_v p), E (n, pairs) having 1 and −1 for the two
players of a pair. So Σ_v u_v u_vᵀ follows from the sums over voters of n nᵀ, n sᵀ and s sᵀ, whatever the strengths;
and those sums change with a new vote only where its voter voted before.
The rule for few voters needs Σ_v J_v² and how many votes each voter gave, which follow from n nᵀ, and Σ_v (Σ n_v)³.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack
from scipy.special import expit

from rating.ballots import Ballots
from rating.bradley_terry import Maximum
from rating.covariance import FEW_VOTERS, VoterSums
from rating.errors import BadCounts, BadSetting
from rating.outcomes import POINTS
from rating.totals import Totals

Floats = NDArray[np.float64]

MOST_PLAYERS = 64  # 4,032² numbers, 130 MB; it grows with the fourth power

SCORES = np.array(POINTS)


class VoterMoments:
    """Σ_v z_v z_vᵀ over voters, z_v = (n_v, s_v): exact, as long as weights are whole.

    sums: float64 (2 pairs, 2 pairs), symmetric; voters: how many there are; cubes: Σ_v of the third power of the
    weight of all of v's votes.
    """

    __slots__ = ("cubes", "players", "sums", "voters")

    players: int
    voters: int
    sums: Floats
    cubes: float

    def __init__(self, players: int, voters: int = 0, sums: Floats | None = None, cubes: float = 0.0) -> None:
        """Make the moments of no voters, or wrap known ones. Raises BadSetting for more than 64 players."""
        if players > MOST_PLAYERS:
            raise BadSetting(f"moments of {players} players are too large: at most {MOST_PLAYERS}")
        width = players * (players - 1)
        self.players, self.voters, self.cubes = players, voters, cubes
        self.sums = np.zeros((width, width)) if sums is None else sums

    def add(self, new: Ballots, before: Ballots) -> None:
        """Count new votes. before: all earlier votes of the voters who cast them, and perhaps of others.

        Raises BadCounts where the votes do not say who cast them.
        """
        if new.voter is None or before.voter is None:
            raise BadCounts("these votes do not say who cast them")
        voters, rows = np.unique(new.voter, return_inverse=True)
        places = np.minimum(np.searchsorted(voters, before.voter), max(voters.size - 1, 0))
        theirs = voters[places] == before.voter if voters.size else places > 0
        known, past_rows = before.where(theirs), places[theirs]
        # z after minus z before is the new votes' z, Δ, so that z zᵀ grows by Δ (z + Δ/2)ᵀ and its transpose.
        change, past = said(new, rows, voters.size), said(known, past_rows, voters.size)
        growth = (change.T @ (past + change * 0.5)).tocoo()
        self.sums[growth.row, growth.col] += growth.data
        self.sums[growth.col, growth.row] += growth.data
        given, more = (np.bincount(of, v.weight, voters.size) for of, v in ((past_rows, known), (rows, new)))
        # The difference of two cubes, without cancelling.
        self.cubes += float((more * (3 * given**2 + 3 * given * more + more**2)).sum())
        self.voters += int(np.count_nonzero(np.bincount(past_rows, minlength=voters.size) == 0))

    def add_single(self, votes: Floats) -> None:
        """Count votes (n, n, 4), [first, second, outcome], each by a voter who casts no other; fractions too."""
        i, j, _ = pairs(self.players)
        given = votes[i, j] @ np.ones(len(SCORES)) + votes[j, i] @ np.ones(len(SCORES))
        points, squares = (votes[i, j] @ SCORES**k + votes[j, i] @ (1 - SCORES) ** k for k in (1, 2))
        n = np.arange(len(i))
        s = n + len(i)
        self.sums[n, n] += given
        self.sums[n, s] += points
        self.sums[s, n] += points
        self.sums[s, s] += squares
        self.cubes += float(given.sum())
        self.voters += round(float(given.sum()))

    def grown(self, players: int) -> "VoterMoments":
        """The moments of the same votes on a board of more players; the known ones keep their ids.

        Raises BadSetting for more than 64 players.
        """
        larger = VoterMoments(players, self.voters, cubes=self.cubes)
        i, j, _ = pairs(self.players)
        pair = i * players - i * (i + 1) // 2 + j - i - 1
        places = np.append(pair, pair + players * (players - 1) // 2)
        larger.sums[np.ix_(places, places)] = self.sums
        return larger

    def at(self, maximum: Maximum, totals: Totals, *, cautious: bool = False) -> VoterSums:
        """The sums over voters at a maximum of Bradley and Terry's likelihood.

        totals: of the same votes; cautious: also what few voters' tastes may hide.
        Raises BadSetting for fewer than two voters.
        """
        if self.voters < 2:
            raise BadSetting("one voter's votes cannot say how voters vary: two are needed to cluster by voter")
        i, j, _ = pairs(self.players)
        left = derivatives(expit(maximum.strengths[i] - maximum.strengths[j]), self.players)
        # E (s − n p) (s − n p)ᵀ Eᵀ from the outside: E has two numbers a column, the sums have all of theirs.
        half: Floats = left @ self.sums
        scores: Floats = left @ half.T
        if not cautious:
            return VoterSums(self.voters, scores)
        votes = self.sums[: len(i), : len(i)]
        touches, dense = touching(self.players)
        squares = np.einsum("ip,ip->i", touches @ votes, dense)
        effective: Floats = totals.votes() ** 2 / np.where(squares > 0, squares, 1.0)
        if (effective >= FEW_VOTERS).all():
            return VoterSums(self.voters, scores)
        information = information_squares(votes, maximum.information[i, j], self.players)
        return VoterSums(self.voters, scores, effective, information, self.cubes, float(votes.sum()))


def information_squares(votes: Floats, information: Floats, players: int) -> Floats:
    """Σ_v J_v² (n, n), from Σ_v n_v n_vᵀ (pairs, pairs) and the information of a vote on each pair (pairs,).

    J_v = Σ_p n_vp w_p e_p e_pᵀ, so that only pairs that share a player meet in the square.
    """
    one, other, place, signs = neighbours(players)
    products = votes[one, other] * information[one] * information[other] * signs
    squares: Floats = np.bincount(place, products, players * players).astype(np.float64).reshape(players, players)
    return squares


# Which numbers a board of so many players takes from where: found once, as building sparse arrays takes longer than
# the sums of a small board.


@cache
def neighbours(players: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], Floats]:
    """Pairs p, q that share a player, once for each player i of p and k of q: p, q, i·n + k, e_pᵀe_q e_p[i] e_q[k]."""
    i, j, signs = pairs(players)
    products = (signs.T @ signs).tocoo()
    one, other = (np.tile(side, 4) for side in (products.row, products.col))
    first = np.concatenate([i[products.row], i[products.row], j[products.row], j[products.row]])
    second = np.concatenate([i[products.col], j[products.col], i[products.col], j[products.col]])
    alike = np.repeat([1.0, -1.0, -1.0, 1.0], products.nnz)
    return one, other, first * players + second, np.tile(products.data, 4) * alike


@cache
def touching(players: int) -> tuple["csr_array", Floats]:
    """Which players a pair has, 0 or 1, (n, pairs): sparse, and not."""
    touches = abs(pairs(players)[2])
    return touches, touches.toarray()


@cache
def both_halves(players: int) -> tuple["csr_array", NDArray[np.intp]]:
    """(E, E), sparse (n, 2 pairs), and the column of each of its numbers."""
    signs = pairs(players)[2]
    twice = hstack([signs, signs], format="csr")
    return twice, twice.indices


def derivatives(p: Floats, players: int) -> "csr_array":
    """(−E p, E), sparse (n, 2 pairs): what z_v becomes u_v by. p: (pairs,), what the lower id is expected to score."""
    twice, columns = both_halves(players)
    factors = np.concatenate([-p, np.ones_like(p)])
    return csr_array((twice.data * factors[columns], columns, twice.indptr), shape=twice.shape)


@cache
def pairs(players: int) -> tuple[NDArray[np.intp], NDArray[np.intp], "csr_array"]:
    """The two ids of each pair, (pairs,) each, the lower first, and E, sparse (n, pairs)."""
    i, j = np.triu_indices(players, 1)
    each = np.arange(len(i))
    signs = np.repeat([1.0, -1.0], len(i))
    return i, j, csr_array((signs, (np.append(i, j), np.tile(each, 2))), shape=(players, len(i)))


def said(ballots: Ballots, rows: NDArray[np.intp], voters: int) -> "csr_array":
    """z of all voters, sparse (voters, 2 pairs); rows: the voter of each vote, (votes,)."""
    n = ballots.players
    first, second = ballots.first.astype(np.intp), ballots.second.astype(np.intp)
    low, high = np.minimum(first, second), np.maximum(first, second)
    pair = low * n - low * (low + 1) // 2 + high - low - 1
    points = SCORES[ballots.outcome]
    points = np.where(first < second, points, 1 - points)
    weight = np.ones(len(ballots)) if ballots.weight is None else ballots.weight
    columns = np.concatenate([pair, pair + n * (n - 1) // 2])
    values = np.concatenate([weight, weight * points])
    z = csr_array((values, (np.tile(rows, 2), columns)), shape=(voters, n * (n - 1)))
    z.sum_duplicates()
    z.eliminate_zeros()
    return z
