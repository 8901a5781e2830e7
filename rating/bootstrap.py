"""Uncertainty by resampling: slow, free of formulas, and what the sandwich is checked against."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array
from scipy.special import expit

from rating.ballots import Ballots
from rating.bradley_terry import MOST_STEPS, STEP_CAP
from rating.errors import BadSetting, NotConverged
from rating.fitting import fit, maximum_of
from rating.outcomes import Outcome
from rating.tally import Tally
from rating.totals import BothBad, Ties, Totals, counted_outcomes

Floats = NDArray[np.float64]

LAST_STEP = 1e-6  # nats; Newton's next step would be of the order of its square
PIECE = 1 << 18  # numbers in one array of a stack of draws: 2 MB, near the processor


@dataclass(frozen=True, slots=True, eq=False)
class Urn:
    """What is drawn with replacement, as often as there are pieces in the urn: votes, or voters."""

    pieces: Floats
    """(sorts,), how many of each sort."""

    brings: "csr_array"
    """(sorts, 3 · pairs), the weight that a piece brings to each verdict: lower wins, upper wins, neither."""

    lower: NDArray[np.intp]
    """(pairs,), of the pairs of players that met the one with the lower id."""

    upper: NDArray[np.intp]
    players: int

    def draws(self, number: int, rng: np.random.Generator) -> Iterator[Floats]:
        """The weights drawn for each verdict, (some, 3 · pairs) at a time, until the number is reached."""
        pieces = int(self.pieces.sum())
        chances = self.pieces / pieces
        some = max(1, PIECE // max(*self.brings.shape, self.players**2))
        for done in range(0, number, some):
            drawn = rng.multinomial(pieces, chances, size=min(some, number - done)).astype(np.float64)
            yield np.asarray(drawn @ self.brings)


def bootstrap(
    votes: Tally | Ballots,
    *,
    draws: int = 1000,
    rng: np.random.Generator,
    prior: float = 0.5,
    ties: Ties = "half",
    both_bad: BothBad = "half",
    by_voter: bool = False,
) -> Floats:
    """The covariance (n, n), nats², about their mean, of strengths refitted to votes drawn with replacement.

    draws: how often; by_voter: draw voters with all their votes, not single votes. Either way a vote keeps its
    weight, so that the weight of a draw varies. prior, ties, both_bad: as in `fit`.
    What nobody voted appears in no draw: an undefeated player, or one with few votes, comes out too narrow.

    Raises what `fit` raises, BadSetting for fewer than two draws or voters, and NotConverged also where a draw has
    no finite maximum, as can happen with prior 0.
    Efron (1979), Ann. Statist. 7(1); of voters, Cameron & Miller (2015), J. Human Resources 50(2), § VI.
    """
    if draws < 2:
        raise BadSetting(f"a covariance takes two draws or more, not {draws}")
    start = fit(votes, prior=prior, ties=ties, both_bad=both_bad, intervals="fisher").strengths
    if votes.players == 1:
        return np.zeros((1, 1))  # there is nobody to vary against
    counted = counted_outcomes(ties, both_bad)
    urn = urn_of_voters(votes, counted) if by_voter else urn_of_votes(votes, counted)
    if ties in ("half", "drop"):
        refits = [refitted(urn, drawn, prior, start) for drawn in urn.draws(draws, rng)]
    else:
        refits = [refitted_singly(urn, drawn, prior, ties, start) for drawn in urn.draws(draws, rng)]
    strengths = np.concatenate(refits)
    strengths -= strengths.mean(axis=1, keepdims=True)
    strengths -= strengths.mean(axis=0)
    return strengths.T @ strengths / (draws - 1)


def urn_of_votes(votes: Tally | Ballots, counted: Floats) -> Urn:
    """Single votes; those of the same verdict and weight are of one sort. counted: (4,), see `counted_outcomes`."""
    if isinstance(votes, Ballots) and votes.weight is not None:
        kept, verdict, lower, upper = verdicts_of(votes, counted)
        assert kept.weight is not None
        weights, weight = np.unique(kept.weight, return_inverse=True)
        sorts, pieces = np.unique(verdict * weights.size + weight, return_counts=True)
        verdict, weight = np.divmod(sorts, weights.size)
        brings = csr_array((weights[weight], (np.arange(sorts.size), verdict)), shape=(sorts.size, 3 * lower.size))
        return Urn(pieces.astype(np.float64), brings, lower, upper, votes.players)
    counts = votes.tally().counts if isinstance(votes, Ballots) else votes.counts
    weights = counts * counted
    totals = Totals(weights, weights)
    lower, upper = np.nonzero(np.triu(totals.points + totals.points.T))
    pieces = np.concatenate([totals.wins[lower, upper], totals.wins[upper, lower], totals.ties[lower, upper]])
    return Urn(pieces, csr_array(eye_array(pieces.size)), lower, upper, votes.players)


def urn_of_voters(votes: Tally | Ballots, counted: Floats) -> Urn:
    """Voters with all their votes that count, each a sort of its own. Raises BadSetting for fewer than two."""
    if not (isinstance(votes, Ballots) and votes.voter is not None):
        raise BadSetting("drawing voters needs votes that say who cast them")
    kept, verdict, lower, upper = verdicts_of(votes, counted)
    voter, number = kept.voters()
    if number < 2:
        raise BadSetting("one voter drawn again and again says nothing: two are needed")
    weight = np.ones(len(kept)) if kept.weight is None else kept.weight
    brings = csr_array((weight, (voter, verdict)), shape=(number, 3 * lower.size))
    return Urn(np.ones(number), brings, lower, upper, votes.players)


def verdicts_of(
    ballots: Ballots, counted: Floats
) -> tuple[Ballots, NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """The votes that count, the verdict of each by its place in `Urn.brings`, and the pairs: lower and upper ids."""
    kept = ballots.where(counted[ballots.outcome] > 0)
    first, second = kept.first.astype(np.intp), kept.second.astype(np.intp)
    keys = np.minimum(first, second) * ballots.players + np.maximum(first, second)
    met, pair = np.unique(keys, return_inverse=True)
    upper_won = (kept.outcome == Outcome.A) == (first > second)
    verdict = np.where(kept.outcome >= Outcome.TIE, 2, upper_won)
    return kept, verdict * met.size + pair, *np.divmod(met, ballots.players)


def refitted(urn: Urn, drawn: Floats, prior: float, start: Floats) -> Floats:
    """Bradley-Terry strengths (some, n) of draws (some, 3 · pairs), by Newton's method on all of them at once.

    The same equations as `bradley_terry.most_likely_strengths`, over the pairs that met. Raises NotConverged.
    """
    lower_wins, upper_wins, ties = np.split(drawn, 3, axis=1)
    for_lower, for_upper = lower_wins + ties / 2, upper_wins + ties / 2
    if prior == 0:
        refuse_infinite_draws(urn, for_lower, for_upper)
    ends = np.arange(urn.lower.size)
    signs = np.zeros((ends.size, urn.players))
    signs[ends, urn.lower], signs[ends, urn.upper] = 1, -1
    strengths = np.tile(start, (len(drawn), 1))
    for _ in range(MOST_STEPS):
        p = expit(strengths[:, urn.lower] - strengths[:, urn.upper])
        q = 1 - p
        gradient = (for_lower * q - for_upper * p) @ signs + prior * (0.5 - expit(strengths))
        step = stacked_solution(urn, (for_lower + for_upper) * p * q, strengths, prior, gradient)
        largest = np.abs(step).max(axis=1, keepdims=True)
        strengths += step * (STEP_CAP / np.maximum(largest, STEP_CAP))
        if largest.max() <= LAST_STEP:
            return strengths
    raise NotConverged(f"Newton's method did not settle within {MOST_STEPS} steps on every draw")


def stacked_solution(urn: Urn, weights: Floats, strengths: Floats, prior: float, right: Floats) -> Floats:
    """Newton's step (some, n), `bradley_terry.hessian` of each draw being solved; weights: N p q (some, pairs)."""
    hessians = np.zeros((len(strengths), urn.players, urn.players))
    hessians[:, urn.lower, urn.upper] = hessians[:, urn.upper, urn.lower] = -weights
    sigma = expit(strengths)
    own = -hessians.sum(axis=2) + prior * sigma * (1 - sigma)
    everyone = np.arange(urn.players)
    hessians[:, everyone, everyone] = own
    if prior == 0:
        hessians += (own.sum(axis=1) / urn.players**2)[:, None, None]
    try:
        steps = np.linalg.solve(hessians, right[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError as why:
        raise NotConverged("a draw determines the strengths too weakly for this prior") from why
    return steps.astype(np.float64, copy=False)


def refuse_infinite_draws(urn: Urn, for_lower: Floats, for_upper: Floats) -> None:
    """Raise NotConverged unless every draw joins all players by chains of points, as in `bradley_terry`."""
    reached = np.zeros((len(for_lower), urn.players, urn.players), dtype=np.float32)
    reached[:, urn.lower, urn.upper], reached[:, urn.upper, urn.lower] = for_lower > 0, for_upper > 0
    everyone = np.arange(urn.players)
    reached[:, everyone, everyone] = 1
    for _ in range(urn.players.bit_length()):  # each squaring doubles the length of the chains
        reached = np.minimum(reached @ reached, 1)
    infinite = int(np.count_nonzero(reached.min(axis=(1, 2)) == 0))
    if infinite:
        raise NotConverged(
            f"{infinite} of {len(reached)} draws leave a gap between players without a finite estimate: "
            "use a prior above 0"
        )


def refitted_singly(urn: Urn, drawn: Floats, prior: float, ties: Ties, start: Floats) -> Floats:
    """Strengths (some, n) where ties have a model of their own, one draw after the other."""
    weights = np.zeros((len(drawn), urn.players, urn.players, len(Outcome)))
    for place, outcome in enumerate((Outcome.A, Outcome.B, Outcome.TIE)):
        weights[:, urn.lower, urn.upper, outcome] = np.split(drawn, 3, axis=1)[place]
    return np.array([maximum_of(Totals(each, each), prior, ties, start).strengths for each in weights])
