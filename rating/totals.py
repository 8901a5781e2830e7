"""What a fit needs of the votes, of which kind soever: how much of each verdict each pair gave."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rating.ballots import Ballots
from rating.errors import BadSetting, Empty
from rating.outcomes import Outcome
from rating.tally import Counts, Tally

Floats = NDArray[np.float64]

Ties = Literal["half", "drop", "davidson", "rao-kupper"]
BothBad = Literal["half", "drop"]


@dataclass(frozen=True, eq=False)
class Totals:
    """Sums over the counted votes of each kind, (n, n, 4), [first, second, outcome]."""

    weights: Floats | Counts
    """Σ w; where votes have no weights, their number."""

    squares: Floats | Counts
    """Σ w²: what the votes of a kind contribute to a variance, each for itself."""

    @cached_property
    def wins(self) -> Floats:
        """W (n, n): the weight of the votes for i against j, whichever side i was on."""
        won = self.weights[:, :, Outcome.A] + self.weights[:, :, Outcome.B].T
        return won.astype(np.float64, copy=False)

    @cached_property
    def ties(self) -> Floats:
        """T (n, n), symmetric: the weight of the votes for neither."""
        undecided = self.weights[:, :, Outcome.TIE] + self.weights[:, :, Outcome.BOTH_BAD]
        return (undecided + undecided.T).astype(np.float64, copy=False)

    @cached_property
    def points(self) -> Floats:
        """S = W + ½ T (n, n)."""
        return self.wins + self.ties / 2

    @cached_property
    def meetings(self) -> Floats:
        """N = S + Sᵀ (n, n), symmetric: the weight of the votes on i and j."""
        return self.points + self.points.T

    @cached_property
    def squared(self) -> "Totals":
        """Σ w² in the place of Σ w."""
        return self if self.squares is self.weights else Totals(self.squares, self.squares)

    def votes(self) -> Floats:
        """The weight of the votes each player took part in, (n,)."""
        both: Floats = self.meetings.sum(axis=0)
        return both


def over_verdicts(values: Floats | Counts) -> Floats:
    """The sums (n, n) of values (n, n, 4) over verdicts; by a product, which is several times as quick as a sum."""
    sums: Floats = values @ np.ones(values.shape[2])
    return sums


def totals_of(votes: Tally | Ballots, *, ties: Ties = "half", both_bad: BothBad = "half") -> Totals:
    """The totals of the votes that count. Raises Empty for no players, and BadSetting."""
    if votes.players == 0:
        raise Empty("there are no players to rate")
    counted = counted_outcomes(ties, both_bad)
    if isinstance(votes, Ballots) and votes.weight is not None:
        return Totals(votes.sums(votes.weight) * counted, votes.sums(votes.weight**2) * counted)
    counts = votes.tally().counts if isinstance(votes, Ballots) else votes.counts
    weights = counts if counted.all() else counts * counted
    return Totals(weights, weights)


def counted_outcomes(ties: str, both_bad: str) -> Floats:
    """(4,): 1 for the outcomes that count, 0 for those that are dropped. Raises BadSetting."""
    if ties not in ("half", "drop", "davidson", "rao-kupper"):
        raise BadSetting(f'ties must be "half", "drop", "davidson" or "rao-kupper", not {ties!r}')
    if both_bad not in ("half", "drop"):
        raise BadSetting(f'both_bad must be "half" or "drop", not {both_bad!r}')
    counted = np.ones(len(Outcome))
    counted[Outcome.TIE] = ties != "drop"
    counted[Outcome.BOTH_BAD] = both_bad != "drop"
    return counted
