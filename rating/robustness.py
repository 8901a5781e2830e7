"""How few votes, or voters, would turn a cut if they had stayed away."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rating.ballots import Ballots
from rating.bradley_terry import Maximum, solved
from rating.errors import BadSetting, Disconnected, NotConverged
from rating.fitting import fit, maximum_of
from rating.lock import line_of
from rating.outcomes import Outcome
from rating.ranks import DIGITS, Mask
from rating.tally import Tally
from rating.totals import BothBad, Ties, Totals, counted_outcomes, totals_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

By = Literal["votes", "voters"]

SLACK = 1.5  # a pair whose first-order number is so many times the best found is not searched


@dataclass(frozen=True, slots=True, eq=False)
class Margin:
    """A set of votes or voters without which the cut would be another.

    The smallest one found, so the true minimum may be smaller still: its number is an upper bound.
    """

    number: int

    removed: Integers
    """By voters: their ids (number,). By votes: their indices in the ballots (number,); of a tally rows of
    first, second, outcome and how many of these votes, (kinds, 4)."""

    stays: int
    """Who would stay instead of going; of several, the strongest."""

    goes: int
    """Who would go instead of staying; of several, the weakest."""

    confirmed: bool
    """Whether the votes that remain have been fitted; False where they have no finite maximum (prior 0)."""


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """What can be removed: votes, those of one kind and weight together, or voters. Entries (e,) belong to units."""

    unit: NDArray[np.intp]
    kind: NDArray[np.intp]
    """Index into the flattened counts (n, n, 4)."""
    weight: Floats
    copies: Integers
    """(units,), how many of it there are."""
    names: Integers
    """(votes,) the unit of each vote, (units,) the ids of the voters, or (units, 3) first, second and outcome."""


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A cut, and how the votes were fitted that made it."""

    stay: NDArray[np.intp]
    fall: NDArray[np.intp]
    totals: Totals
    units: Units
    counted: Floats
    prior: float
    ties: Ties

    def without(self, taken: Integers, start: Floats | None) -> Maximum:
        """The fit without so many copies of each unit (units,). Raises Disconnected and NotConverged."""
        units, weights = self.units, self.totals.weights
        gone = np.bincount(units.kind, units.weight * taken[units.unit], weights.size).reshape(weights.shape)
        # What is left of a sum of weights may be a rounding error below 0.
        left = np.maximum(weights - gone * self.counted, 0.0)
        return maximum_of(Totals(left, left), self.prior, self.ties, start)

    def swap(self, strengths: Floats) -> tuple[int, int] | None:
        """Who stays and who goes instead, at these strengths; None where nobody does. A tie turns nothing."""
        level = np.round(strengths, DIGITS)
        stays, goes = self.fall[np.argmax(level[self.fall])], self.stay[np.argmin(level[self.stay])]
        return (int(stays), int(goes)) if level[stays] > level[goes] else None


def robustness_margin(
    votes: Tally | Ballots,
    below: int,
    *,
    by: By = "votes",
    among: Mask | None = None,
    prior: float = 0.5,
    ties: Ties = "half",
    both_bad: BothBad = "half",
) -> Margin | None:
    """The smallest set found of votes, or voters, whose removal changes who the `below` weakest are.

    Removing a vote moves a gap c·θ by −ψ, ψ = cᵀH⁻¹ u with u the vote's derivatives, in first order. For each pair
    over the line the votes with the largest ψ are removed until their sum is the gap, and the rest is fitted again;
    while the order stands, more are removed by the influence they have now. Then as many as possible are put back,
    the least influential first. The pair that takes fewest is the answer; None where none was found.
    among: mask (n,) of the players whom the cut is about; prior, ties, both_bad: as in `fit`, whose errors are
    raised, and BadSetting.
    Broderick, Giordano & Meager (2020), arXiv:2011.14999, for the influence; Huang et al. (2025), arXiv:2508.11847,
    for boards.
    """
    board = fit(votes, prior=prior, ties=ties, both_bad=both_bad, intervals="fisher")
    ids, line = line_of(board, below, among)
    totals = totals_of(votes, ties=ties, both_bad=both_bad)
    units = units_of(votes, by)
    cut = Cut(ids[:line], ids[line:], totals, units, counted_outcomes(ties, both_bad), prior, ties)
    first = maximum_of(totals, prior, ties, board.strengths)
    best: tuple[Integers, tuple[int, int], bool] | None = None
    for pair, expected in pairs_by_number(cut, first):
        if best is not None and expected > SLACK * best[0].sum():
            break
        found = turning(cut, first, pair)
        if found is not None and (best is None or better(found, best)):
            best = found
    if best is None:
        return None
    taken, (stays, goes), confirmed = best
    return Margin(int(taken.sum()), removed_of(votes, by, units, taken), stays, goes, confirmed)


def better(one: tuple[Integers, tuple[int, int], bool], other: tuple[Integers, tuple[int, int], bool]) -> bool:
    """Whether a set is confirmed where the other is not, or else smaller."""
    return (not one[2], one[0].sum()) < (not other[2], other[0].sum())


def units_of(votes: Tally | Ballots, by: By) -> Units:
    """What can be removed. Raises BadSetting."""
    if by not in ("votes", "voters"):
        raise BadSetting(f'a margin is counted by "votes" or "voters", not by {by!r}')
    if isinstance(votes, Ballots):
        return voters_of(votes) if by == "voters" else alike(votes)
    if by == "voters":
        raise BadSetting("a margin by voters needs votes that say who cast them")
    kind = np.flatnonzero(votes.counts)
    names = np.stack(np.unravel_index(kind, votes.counts.shape), axis=1).astype(np.int64)
    return Units(np.arange(kind.size), kind, np.ones(kind.size), votes.counts.ravel()[kind], names)


def kinds_of(ballots: Ballots) -> NDArray[np.intp]:
    """The kind of each vote (votes,), as an index into the flattened counts."""
    pair = ballots.first.astype(np.intp) * ballots.players + ballots.second
    return pair * len(Outcome) + ballots.outcome


def alike(ballots: Ballots) -> Units:
    """Votes of one kind and weight are one unit."""
    kind = kinds_of(ballots)
    weights, level = np.unique(np.ones(len(ballots)) if ballots.weight is None else ballots.weight, return_inverse=True)
    keys, names, copies = np.unique(kind * weights.size + level, return_inverse=True, return_counts=True)
    return Units(
        np.arange(keys.size),
        keys // weights.size,
        weights[keys % weights.size],
        copies.astype(np.int64),
        names.astype(np.int64),
    )


def voters_of(ballots: Ballots) -> Units:
    """Voters are units; their votes of one kind are one entry. Raises BadSetting."""
    if ballots.voter is None:
        raise BadSetting("a margin by voters needs votes that say who cast them")
    ids, unit = np.unique(ballots.voter, return_inverse=True)
    kinds = ballots.players**2 * len(Outcome)
    keys, entry = np.unique(unit * kinds + kinds_of(ballots), return_inverse=True)
    weight = np.bincount(entry, ballots.weight, keys.size).astype(np.float64, copy=False)
    return Units(keys // kinds, keys % kinds, weight, np.ones(ids.size, dtype=np.int64), ids.astype(np.int64))


def removed_of(votes: Tally | Ballots, by: By, units: Units, taken: Integers) -> Integers:
    """Which they are, as `Margin.removed` has it."""
    chosen = np.flatnonzero(taken)
    if isinstance(votes, Tally):
        return np.column_stack([units.names[chosen], taken[chosen]])
    if by == "voters":
        return units.names[chosen]
    # Of votes that are alike, the earliest.
    order = np.argsort(units.names, kind="stable")
    place = np.arange(order.size) - np.repeat(np.cumsum(units.copies) - units.copies, units.copies)
    return np.sort(order[place < taken[units.names[order]]]).astype(np.int64)


def influence(cut: Cut, at: Maximum, inverse: Floats, pair: tuple[int, int]) -> Floats:
    """ψ (units,): by how much, in nats and first order, the gap of the pair shrinks without one copy of each unit.

    inverse: H⁻¹ (m, m) of the fit.
    """
    units, n = cut.units, len(at.strengths)
    g = inverse[pair[0]] - inverse[pair[1]]
    of_kind = at.scores * (g[:n, None] - g[None, :n])[:, :, None]
    if at.tie_scores is not None:
        of_kind += at.tie_scores * g[-1]
    each = (of_kind * cut.counted).ravel()[units.kind] * units.weight
    return np.bincount(units.unit, each, units.copies.size).astype(np.float64, copy=False)


def inverse_of(at: Maximum) -> Floats:
    """H⁻¹ (m, m)."""
    return solved(at.curvature, np.eye(len(at.curvature)))


def pairs_by_number(cut: Cut, first: Maximum) -> list[tuple[tuple[int, int], int]]:
    """The pairs over the line, with the number of units that turn each in first order, fewest first.

    Those that clearly take more than the best so far are left out: no unit moves a gap by more than the largest ψ.
    """
    inverse, copies = inverse_of(first), cut.units.copies
    gaps = first.strengths[cut.stay][:, None] - first.strengths[cut.fall]
    numbered: list[tuple[tuple[int, int], int]] = []
    fewest_yet = math.inf
    for i, j in zip(*np.unravel_index(np.argsort(gaps, axis=None), gaps.shape), strict=True):
        pair = int(cut.stay[i]), int(cut.fall[j])
        psi = influence(cut, first, inverse, pair)
        largest = float(psi.max(initial=0.0))
        if largest <= 0 or gaps[i, j] / largest > SLACK * fewest_yet:
            continue
        number = int(enough(psi, most_influential(psi, copies), copies, max(float(gaps[i, j]), 0.0)).sum())
        fewest_yet = min(fewest_yet, number)
        numbered.append((pair, number))
    return sorted(numbered, key=lambda each: each[1])


def most_influential(psi: Floats, copies: Integers) -> NDArray[np.intp]:
    """The units whose removal shrinks the gap and of which some are left, the most influential first."""
    useful = np.flatnonzero((psi > 0) & (copies > 0))
    return useful[np.argsort(-psi[useful], kind="stable")]


def enough(psi: Floats, order: NDArray[np.intp], copies: Integers, gap: float) -> Integers:
    """How many of each unit (units,), in this order, add up to more than the gap; all where they do not."""
    taken = np.zeros_like(copies)
    before = np.cumsum(psi[order] * copies[order]) - psi[order] * copies[order]
    wanted = np.floor(np.maximum(gap - before, 0.0) / psi[order]) + 1
    taken[order] = np.where(before <= gap, np.minimum(wanted, copies[order]), 0)
    return taken


def turning(cut: Cut, first: Maximum, pair: tuple[int, int]) -> tuple[Integers, tuple[int, int], bool] | None:
    """How many copies of each unit turn the cut, found at one pair: who swaps, and whether a fit confirms it."""
    at, copies = first, cut.units.copies
    taken = np.zeros_like(copies)
    sequence: list[tuple[NDArray[np.intp], Integers]] = []
    while cut.swap(at.strengths) is None:
        psi = influence(cut, at, inverse_of(at), pair)
        order = most_influential(psi, copies - taken)
        if order.size == 0:
            return None
        # Two strengths that rounding alone tells apart may stand a hair the wrong way round.
        gap = max(float(at.strengths[pair[0]] - at.strengths[pair[1]]), 0.0)
        more = enough(psi, order, copies - taken, gap)
        taken = taken + more
        sequence.append((order, more[order]))
        try:
            at = cut.without(taken, at.strengths)
        except (Disconnected, NotConverged):
            return taken, (pair[1], pair[0]), False
    return fewest(cut, at, *(np.concatenate(part) for part in zip(*sequence, strict=True)))


def fewest(cut: Cut, at: Maximum, order: NDArray[np.intp], numbers: Integers) -> tuple[Integers, tuple[int, int], bool]:
    """The shortest beginning of a sequence of units that still turns the cut, by bisection with a fit at each step.

    order: units, which may repeat; numbers: the copies of each. The whole sequence turns the cut, at the fit `at`.
    """
    ends = np.cumsum(numbers)

    def beginning(length: int) -> Integers:
        each = np.clip(length - (ends - numbers), 0, numbers)
        return np.bincount(order, each, cut.units.copies.size).astype(np.int64)

    swap = cut.swap(at.strengths)
    assert swap is not None
    too_few, turns = 0, int(ends[-1])
    while turns - too_few > 1:
        middle = (too_few + turns) // 2
        # With more votes than at `at`, which has a finite maximum, it has one too.
        here = cut.swap(cut.without(beginning(middle), at.strengths).strengths)
        if here is None:
            too_few = middle
        else:
            turns, swap = middle, here
    return beginning(turns), swap, True
