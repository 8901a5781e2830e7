"""From votes to a board: strengths, how sure they are, and whom they rest on too little."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from rating.ballots import Ballots
from rating.bradley_terry import Maximum, bradley_terry
from rating.covariance import FEW_VOTES, Intervals, VoterSums, covariance_of, meat_of_voters, meat_of_votes
from rating.errors import BadSetting, Disconnected
from rating.tally import Tally, groups
from rating.ties import davidson, rao_kupper
from rating.totals import BothBad, Ties, Totals, counted_outcomes, totals_of

Floats = NDArray[np.float64]

ELO_PER_NAT = 400 / math.log(10)
ELO_MEAN = 1000.0
MINIMUM_VOTES = 30  # of a player whose rating is to be more than provisional


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Strengths of n players and their uncertainty. Nothing in it is NaN or infinite."""

    strengths: Floats
    """(n,), nats, mean zero unless anchored: σ(strengths[i] − strengths[j]) is the expected score of i against j."""

    covariance: Floats
    """(n, n), nats², of the strengths about their mean; see `covariance_of`."""

    votes: Floats
    """(n,), the weight of the votes each player took part in and the fit counted; their number without weights."""

    log_likelihood: float
    """nats, of all votes, without the phantom games: Σ S_ij log σ(θ_i − θ_j) where a tie counts as ½."""

    determined: NDArray[np.bool_]
    """(n,), whether the votes alone make the player's strength finite: it took points from the main group of
    players, who all have chains of points to one another, and lost some to it. Elsewhere the prior decides."""

    tie: float | None = None
    """The parameter of ties where they have a model: log ν of Davidson, log θ of Rao and Kupper."""

    origin: float = ELO_MEAN
    """Elo points of the strength 0."""

    groups: tuple[tuple[int, ...], ...] = ()
    """The players that chains of votes join: ids ascending, the largest group first. Nothing compares two groups."""

    @property
    def log_likelihood_per_vote(self) -> float:
        """nats; 0 where there are no votes."""
        votes = float(self.votes.sum()) / 2
        return self.log_likelihood / votes if votes else 0.0

    def ratings(self) -> Floats:
        """Elo points (n,), mean 1000 unless anchored."""
        return self.origin + ELO_PER_NAT * self.strengths

    def standard_errors(self) -> Floats:
        """Elo points (n,), of the ratings; of their differences to the anchor where there is one."""
        return ELO_PER_NAT * np.sqrt(np.maximum(np.diagonal(self.covariance), 0.0))

    def intervals(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """The low and the high end, Elo points (n,) each, of a normal interval for each rating by itself.

        level: its coverage, between 0 and 1. Raises BadSetting.
        """
        reach = quantile(level) * self.standard_errors()
        ratings = self.ratings()
        return ratings - reach, ratings + reach

    def ranks(self) -> NDArray[np.int64]:
        """Ranks (n,), 1 for the strongest. Of equals, the lower id stands first."""
        # Rounded to what the solver can tell apart, lest rounding errors order equal players.
        order = np.argsort(-np.round(self.strengths, 9), kind="stable")
        ranks = np.empty(order.size, dtype=np.int64)
        ranks[order] = np.arange(1, order.size + 1)
        return ranks

    def provisional(self, minimum_votes: float = MINIMUM_VOTES) -> NDArray[np.bool_]:
        """(n,), whose rating says little yet: too few votes, or a strength that only the prior keeps finite."""
        return ~self.determined | (self.votes < minimum_votes)

    def difference_variances(self) -> Floats:
        """Nats² (n, n), the variance of strength i minus strength j."""
        variances = np.diagonal(self.covariance)
        return np.maximum(variances[:, None] + variances[None, :] - 2 * self.covariance, 0.0)

    def difference_se(self, i: int, j: int) -> float:
        """Elo points, the standard error of rating i minus rating j."""
        variance = self.covariance[i, i] + self.covariance[j, j] - 2 * self.covariance[i, j]
        return ELO_PER_NAT * math.sqrt(max(float(variance), 0.0))

    def anchored(self, player: int, at: float = ELO_MEAN) -> Self:
        """The same board with one player's rating fixed, at Elo points; errors become those of differences to it.

        Raises BadSetting.
        """
        if not (0 <= player < len(self.strengths) and math.isfinite(at)):
            raise BadSetting(f"there is no player {player} to anchor at {at}")
        across = self.covariance - self.covariance[player]
        return replace(
            self,
            strengths=self.strengths - self.strengths[player],
            covariance=across - across[:, [player]],
            origin=at,
        )

    def percent_of(self, reference: int, level: float = 0.95) -> tuple[Floats, Floats, Floats]:
        """Each player's expected score against the reference in percent of ½, (n,), with its low and high end.

        100 means as good as the reference, 200 would mean that it never wins. level: the interval's coverage; its
        ends are those of the difference's interval, so that they never leave 0 … 200. Raises BadSetting.
        """
        board = self.anchored(reference)
        reach = quantile(level) * np.sqrt(np.maximum(np.diagonal(board.covariance), 0.0))
        return tuple(200 * expit(board.strengths + side * reach) for side in (0, -1, 1))  # type: ignore[return-value]


def quantile(level: float) -> float:
    """How many standard errors an interval of this coverage reaches. Raises BadSetting."""
    if not 0 < level < 1:
        raise BadSetting(f"the level of an interval must lie between 0 and 1, not {level}")
    return float(ndtri((1 + level) / 2))


def fit(
    votes: Tally | Ballots,
    *,
    prior: float = 0.5,
    ties: Ties = "half",
    both_bad: BothBad = "half",
    intervals: Intervals | None = None,
    apart: bool = False,
    start: Floats | None = None,
) -> Fit:
    """Strengths by maximum likelihood, and their covariance.

    prior: phantom games, each half won, that every player has against a player of strength 0: they keep the
    undefeated and the winless finite.
    ties: "half" a point for each (Bradley-Terry), "drop", or a model of their own; both_bad: as a tie, or "drop".
    intervals: "fisher" trusts the model, "sandwich" takes each vote for a draw of its own, "cluster" each voter,
    "cautious" too, and is wider where a player's voters are few, whose tastes the strengths then follow;
    left out, "cautious" where the votes say who cast them and "sandwich" where they do not.
    apart: rate groups of players that never met all the same; only the prior then compares them.
    start: strengths to set out from (n,), nats; those of a board with fewer votes save steps.

    Raises Empty for no players; Disconnected; BadSetting; with prior 0 NotConverged if some never lost a point to
    the others; NotConverged also where floats run out of digits (a prior below about 1e-8, or some 1e9 votes a
    pair that contradict each other).
    """
    totals = totals_of(votes, ties=ties, both_bad=both_bad)
    counted = counted_outcomes(ties, both_bad)

    def meat(maximum: Maximum) -> Floats | VoterSums | None:
        return meat_of(votes, maximum, totals, intervals, counted)

    return fit_totals(totals, meat, prior=prior, ties=ties, apart=apart, start=start)


def fit_totals(
    totals: Totals,
    meat: Callable[[Maximum], Floats | VoterSums | None],
    *,
    prior: float,
    ties: Ties = "half",
    apart: bool = False,
    start: Floats | None = None,
) -> Fit:
    """As `fit`, of votes whose totals are known; meat: how much the derivatives vary at a maximum."""
    if not (math.isfinite(prior) and prior >= 0):
        raise BadSetting(f"the prior must be a number of games, 0 or more, not {prior}")
    points = totals.points
    level = groups(points, strong=True)
    met = level if len(level) == 1 else groups(points, strong=False)
    if not apart and len(met) > 1:
        raise Disconnected(met)
    maximum = maximum_of(totals, prior, ties, start)
    determined = main_group(level)
    votes = totals.votes()
    return Fit(
        strengths=maximum.strengths,
        covariance=covariance_of(maximum, totals, meat(maximum), (votes < FEW_VOTES) | ~determined),
        votes=votes,
        log_likelihood=maximum.log_likelihood,
        determined=determined,
        groups=met,
        tie=maximum.tie,
    )


def maximum_of(totals: Totals, prior: float, ties: Ties, start: Floats | None) -> Maximum:
    """The maximum of the likelihood that treats ties in this way."""
    if ties == "davidson":
        return davidson(totals, prior, start)
    if ties == "rao-kupper":
        return rao_kupper(totals, prior, start)
    return bradley_terry(totals, prior, start)


def main_group(level: tuple[tuple[int, ...], ...]) -> NDArray[np.bool_]:
    """(n,), who belongs to the largest group of players that all have chains of points to one another.

    level: all such groups, the largest first. Alone, a player is no group: where no two took points from each
    other, nobody belongs.
    """
    belongs = np.zeros(sum(map(len, level)), dtype=np.bool_)
    belongs[list(level[0])] = len(level[0]) > 1
    return belongs


def meat_of(
    votes: Tally | Ballots, maximum: Maximum, totals: Totals, intervals: str | None, counted: Floats
) -> Floats | VoterSums | None:
    """How much the derivatives vary, by what is asked and known; None for Fisher's. Raises BadSetting."""
    voters_known = isinstance(votes, Ballots) and votes.voter is not None
    chosen = intervals or ("cautious" if voters_known else "sandwich")
    if chosen == "fisher":
        return None
    if chosen == "sandwich":
        return meat_of_votes(maximum, totals)
    if chosen not in ("cluster", "cautious"):
        raise BadSetting(f'intervals must be "fisher", "sandwich", "cluster" or "cautious", not {intervals!r}')
    if not (isinstance(votes, Ballots) and voters_known):
        raise BadSetting("clustering by voter needs votes that say who cast them")
    return meat_of_voters(maximum, votes.counted(counted), cautious=chosen == "cautious")
