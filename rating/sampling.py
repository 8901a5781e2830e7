"""Which pair should meet next, with the probability of each, so that any analysis can undo the choice."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rating.ballots import Ballots
from rating.bradley_terry import expected_scores, hessian, laplacian, solved
from rating.errors import BadSetting, Empty
from rating.fitting import Fit
from rating.tally import Tally
from rating.totals import totals_of

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

ROUNDING = 1e-9
SHARPNESS = 4  # the power of a score that a pair's share goes by; 1 spreads the votes, and takes a fifth more of them


@dataclass(frozen=True, slots=True)
class Design:
    """How much of the votes goes where. Raises BadSetting."""

    floor: float = 10.0
    """Votes that every pair is to have before any verdict steers the choice."""

    explore: float = 0.5
    """The share of the votes that is drawn whatever the board says, in (0, 1]."""

    cap: float = 3.0
    """How many times as often as the least exposed player any other may be drawn, above 1; both compared to what
    the players' weights give them."""

    prior: float = 0.5
    """Phantom games per player, as in `fit`; above 0, so that pairs that never met have an error."""

    def __post_init__(self) -> None:
        within = self.floor >= 0 and 0 < self.explore <= 1 and self.cap > 1 and self.prior > 0
        if not (within and np.isfinite([self.floor, self.cap, self.prior]).all()):
            raise BadSetting(f"a design of these numbers cannot be drawn from: {self}")


class Draw(NamedTuple):
    """Two players, the lower id first, and the probability that just they were drawn."""

    i: int
    j: int
    propensity: float


def pair_probabilities(
    board: Fit,
    votes: Tally | Ballots,
    below: int,
    *,
    among: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    design: Design = Design(),
) -> Floats:
    """The probability of each pair to meet next, where the board should tell apart who falls below a line.

    Half of it (`explore`) is uniform. The other half goes to pairs with too few votes while there are such, and
    then to the pairs whose next vote tells most about the `below` lowest against the rest: the score of a pair is

        Σ over (i, j) across the line of exp(−z_ij²/4) · w (cᵀH⁻¹e)² / (1 + w eᵀH⁻¹e),    c = e_i − e_j,

    the variance that one more vote takes from θ_i − θ_j (Sherman & Morrison 1950), where that gap is in doubt;
    w = p(1 − p), z_ij = gap/σ_ij. To its fourth power it is a pair's share: a pair that tells half as much gets a
    sixteenth of the votes, for those that tell most decide. No player is drawn more than `cap` times as often as the
    least drawn; where the targets would do so, they give way to the uniform part.

    board: of the votes so far, in which all players are rated; votes: those votes.
    below: how many of the candidates fall, 0 or more; among: mask (n,) of the candidates, everyone if left out.
    weights: (n,), a pair's share of the uniform part goes by the product; 0 for who cannot be drawn now. Or (n, n),
    symmetric, by pair. All 1 if left out.
    Returns (n, n), above the diagonal, with the sum 1; above 0 for every pair of a weight above 0.
    Raises BadSetting, and Empty where no pair can be drawn.
    """
    base = uniform_probabilities(len(board.strengths), weights)
    met = votes_of_pairs(votes, len(base))
    missing = base * np.maximum(design.floor - met, 0.0)
    if missing.any():
        return mixed(base, missing, design)
    scores = np.where(base > 0, line_scores(board, votes, below, among, design.prior), 0.0)
    return mixed(base, (scores / max(float(scores.max()), np.finfo(float).tiny)) ** SHARPNESS, design)


def uniform_probabilities(players: int, weights: ArrayLike | None = None) -> Floats:
    """The probability of each pair (n, n) where only weights count, above the diagonal, with the sum 1.

    weights: (n,), by the product of the two, or (n, n), symmetric, by pair; 0 for who cannot be drawn. All 1 if
    left out. Raises BadSetting, and Empty where no pair can be drawn.
    """
    given = np.ones(players) if weights is None else np.asarray(weights, dtype=np.float64)
    if given.shape not in ((players,), (players, players)):
        raise BadSetting(f"weights of {players} players come as {players} numbers or a square, not as {given.shape}")
    if not (np.isfinite(given).all() and (given >= 0).all()):
        raise BadSetting("weights must be numbers of 0 or more")
    if given.ndim == 2 and not np.array_equal(given, given.T):
        raise BadSetting("weights of pairs must be symmetric")
    pairs = np.triu(np.outer(given, given) if given.ndim == 1 else given, 1)
    total = float(pairs.sum())
    if total == 0:
        raise Empty("no two players can be drawn")
    share: Floats = pairs / total
    return share


def arena_probabilities(board: Fit, votes: Tally | Ballots, *, weights: ArrayLike | None = None) -> Floats:
    """Chatbot Arena's rule, for comparison: by how much one more vote narrows the pair's own interval, (n, n).

    P ∝ √(σ²/N) − √(σ²/(N + 1)), with N votes of the pair so far and σ² = p(1 − p) the variance of a verdict on it;
    a pair that never met counts as if it had met once. It knows no line. Otherwise as `pair_probabilities`.
    Chiang et al. (2024), arXiv:2403.04132, § 5.
    """
    base = uniform_probabilities(len(board.strengths), weights)
    met = np.maximum(votes_of_pairs(votes, len(base)), 1.0)
    p = expected_scores(board.strengths)
    narrower = base * np.sqrt(p * p.T) * (1 / np.sqrt(met) - 1 / np.sqrt(met + 1))
    share: Floats = narrower / narrower.sum()
    return share


def draw_pair(probabilities: Floats, rng: np.random.Generator) -> Draw:
    """A pair by its probability. probabilities: (n, n), above the diagonal, with the sum 1. Raises BadSetting."""
    upper = np.triu_indices(len(probabilities), 1)
    ends = np.cumsum(probabilities[upper])
    if ends.size == 0 or not abs(float(ends[-1]) - 1) < ROUNDING or float(probabilities[upper].min()) < 0:
        raise BadSetting("the probabilities of pairs must be 0 or more and have the sum 1")
    # "right" passes over pairs of probability 0; the last end may be just below 1.
    place = int(np.searchsorted(ends, rng.random() * ends[-1], side="right"))
    i, j = int(upper[0][place]), int(upper[1][place])
    return Draw(i, j, float(probabilities[i, j]))


def votes_of_pairs(votes: Tally | Ballots, players: int) -> Floats:
    """The weight of the votes on each pair (n, n), symmetric. Raises BadSetting for votes of other players."""
    if votes.players != players:
        raise BadSetting(f"votes on {votes.players} players do not fit a board of {players}")
    return totals_of(votes).meetings


def line_scores(board: Fit, votes: Tally | Ballots, below: int, among: ArrayLike | None, prior: float) -> Floats:
    """How much one vote of each pair (n, n) tells about who falls below the line; see `pair_probabilities`.

    All contrasts c at once: Σ ω (cᵀH⁻¹e)² = eᵀ H⁻¹ (Σ ω c cᵀ) H⁻¹ e, and Σ ω c cᵀ is a Laplacian.
    """
    doubt = doubts(board, below, among)
    strengths = board.strengths - board.strengths.mean()
    p = expected_scores(strengths)
    inverse = solved(hessian(totals_of(votes).meetings, p, strengths, prior), np.eye(len(p)))
    w = p * p.T
    learned = spreads(inverse @ laplacian(doubt + doubt.T) @ inverse)
    scores: Floats = w * learned / (1 + w * spreads(inverse))
    return scores


def spreads(matrix: Floats) -> Floats:
    """eᵀ M e (n, n) for e = e_i − e_j and a positive semidefinite M (n, n)."""
    diagonal = np.diagonal(matrix)
    along: Floats = np.maximum(diagonal[:, None] + diagonal[None, :] - matrix - matrix.T, 0.0)
    return along


def doubts(board: Fit, below: int, among: ArrayLike | None) -> Floats:
    """exp(−z²/4) (n, n) of every candidate below the line, a row, against every one above; 0 elsewhere.

    As a share of the largest, so that the least certain gap counts however certain it is. Raises BadSetting.
    """
    n = len(board.strengths)
    candidates = np.ones(n, dtype=np.bool_) if among is None else np.asarray(among)
    if candidates.shape != (n,) or candidates.dtype != np.bool_:
        raise BadSetting(f"the candidates must come as {n} times true or false")
    order = np.argsort(-board.ranks())
    order = order[candidates[order]]
    if not 0 <= below <= order.size:
        raise BadSetting(f"{below} of {order.size} candidates cannot fall")
    low, high = order[:below], order[below:]
    doubt = np.zeros((n, n))
    if low.size and high.size:
        across = np.ix_(low, high)
        gap = board.strengths[high][None, :] - board.strengths[low][:, None]
        # Without a variance nothing is in doubt, unless the gap is none.
        z2 = gap**2 / np.maximum(board.difference_variances()[across], np.finfo(float).tiny)
        z2 = np.minimum(z2, np.finfo(float).max)
        doubt[across] = np.exp(-(z2 - z2.min()) / 4)
    return doubt


def mixed(base: Floats, target: Floats, design: Design) -> Floats:
    """explore · base + (1 − explore) · target/Σ target, or more of the base where the cap asks for it, (n, n).

    A player's exposure is how often it is drawn. With r its exposure under the target relative to that under the
    base, a share x of the base gives it x + (1 − x) r times the latter, and max ≤ cap · min wherever
    x/(1 − x) ≥ (max r − cap · min r)/(cap − 1).
    """
    total = float(target.sum())
    if total == 0:
        return base
    target = target / total
    usual, asked = (pairs.sum(axis=0) + pairs.sum(axis=1) for pairs in (base, target))
    relative = asked[usual > 0] / usual[usual > 0]
    odds = max(0.0, float(relative.max() - design.cap * relative.min()) / (design.cap - 1))
    share = max(design.explore, odds / (1 + odds))
    chances: Floats = share * base + (1 - share) * target
    return chances
