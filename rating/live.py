"""A board that goes on: new votes are counted, and the fit sets out from the last."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rating.ballots import Ballots, joined
from rating.bradley_terry import Maximum
from rating.covariance import Intervals, VoterSums, meat_of_votes
from rating.errors import BadCounts, BadSetting
from rating.fitting import Fit, fit_totals
from rating.outcomes import Outcome
from rating.totals import BothBad, Totals, counted_outcomes
from rating.voters import VoterMoments

Floats = NDArray[np.float64]

TAIL = 1 << 16  # votes that may lie behind the sorted ones before all are sorted anew


class Running:
    """All that the next board needs of the votes so far, in a size that does not grow with them.

    Whoever keeps the votes themselves, say in a database, hands the earlier ones of the voters in question to
    `count`; `Live` remembers them.
    """

    __slots__ = ("asked", "both_bad", "moments", "prior", "squares", "strengths", "weights")

    def __init__(
        self, players: int, *, prior: float = 0.5, both_bad: BothBad = "half", intervals: Intervals = "cautious"
    ) -> None:
        """Make the state of a board without votes.

        intervals: as in `fit`; "cluster" and "cautious" take at most 64 players. Raises BadSetting.
        """
        self.prior, self.both_bad, self.asked = prior, both_bad, intervals
        counted_outcomes("half", both_bad)
        self.weights: Floats = np.zeros((players, players, len(Outcome)))
        self.squares: Floats = np.zeros_like(self.weights)
        self.moments = VoterMoments(players) if intervals in ("cluster", "cautious") else None
        self.strengths: Floats | None = None

    @property
    def players(self) -> int:
        """The number of players."""
        return len(self.weights)

    @property
    def votes(self) -> float:
        """The weight of the votes that count; without weights, their number."""
        return float(self.weights.sum())

    @property
    def intervals(self) -> Intervals:
        """What intervals rest on: what was asked for, or "sandwich" until two voters are known."""
        return "sandwich" if self.moments is not None and self.moments.voters < 2 else self.asked

    def counted(self, ballots: Ballots) -> Ballots:
        """The votes among these that count."""
        if ballots.players != self.players:
            raise BadCounts(f"ballots of {ballots.players} players do not fit a board of {self.players}")
        return ballots.counted(counted_outcomes("half", self.both_bad))

    def count(self, new: Ballots, before: Ballots | None = None) -> None:
        """Count new votes. before: where votes are clustered, all earlier ones of their voters, and perhaps others'.

        Raises BadCounts.
        """
        new = self.counted(new)
        if self.moments is not None:
            self.moments.add(new, new.where(np.zeros(len(new), dtype=np.bool_)) if before is None else before)
        if new.weight is None:
            counts = new.tally().counts
            self.weights += counts
            self.squares += counts
        else:
            self.weights += new.sums(new.weight)
            self.squares += new.sums(new.weight**2)

    def fit(self, *, apart: bool = False) -> Fit:
        """The board of all votes so far, equal to `fit` of them all at once. Raises what that raises.

        As long as fewer than two voters are known, each vote is taken for a draw of its own.
        """
        totals = Totals(self.weights, self.squares)
        made = fit_totals(totals, self.meat, prior=self.prior, apart=apart, start=self.strengths)
        self.strengths = made.strengths
        return made

    def grown(self, players: int) -> Self:
        """The state of the same votes on a board of more players, who have no votes yet; the known keep their ids.

        Raises BadSetting.
        """
        larger = type(self)(players, prior=self.prior, both_bad=self.both_bad, intervals=self.asked)
        if players < self.players:
            raise BadSetting(f"a board of {self.players} players does not grow to {players}")
        known = slice(self.players)
        larger.weights[known, known], larger.squares[known, known] = self.weights, self.squares
        if self.moments is not None:
            larger.moments = self.moments.grown(players)
        if self.strengths is not None:
            larger.strengths = np.append(self.strengths, np.zeros(players - self.players))
        return larger

    def supposed(self, more: ArrayLike) -> Self:
        """The state as it would be after more votes, each by a voter who has cast no other; this one stays as it is.

        more: (n, n, 4), [first, second, outcome], 0 or more votes of each kind. They may be fractions: so many are
        then expected. Raises BadCounts.
        """
        votes = np.asarray(more, dtype=np.float64)
        if votes.shape != self.weights.shape:
            raise BadCounts(f"votes of the shape {votes.shape} do not fit a board of {self.players} players")
        if not (np.isfinite(votes) & (votes >= 0)).all() or votes[np.diag_indices(self.players)].any():
            raise BadCounts("supposed votes are numbers of 0 or more, and none of a player against itself")
        votes = votes * counted_outcomes("half", self.both_bad)
        larger = self.grown(self.players)
        larger.weights += votes
        larger.squares += votes
        if larger.moments is not None:
            larger.moments.add_single(votes)
        return larger

    def meat(self, maximum: Maximum) -> Floats | VoterSums | None:
        """How much the derivatives vary at a maximum."""
        totals = Totals(self.weights, self.squares)
        if self.intervals == "fisher":
            return None
        if self.moments is None or self.intervals == "sandwich":
            return meat_of_votes(maximum, totals)
        return self.moments.at(maximum, totals, cautious=self.intervals == "cautious")

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What has to be kept for `resumed`; the settings are not among it."""
        kept: dict[str, NDArray[Any]] = {"weights": self.weights, "squares": self.squares}
        if self.strengths is not None:
            kept["strengths"] = self.strengths
        if self.moments is not None:
            # Symmetric: one half says all.
            kept["moments"] = self.moments.sums[np.triu_indices(len(self.moments.sums))]
            kept["voters"] = np.array(self.moments.voters)
            kept["cubes"] = np.array(self.moments.cubes)
        return kept

    @classmethod
    def resumed(
        cls,
        kept: Mapping[str, NDArray[Any]],
        *,
        prior: float = 0.5,
        both_bad: BothBad = "half",
        intervals: Intervals = "cautious",
    ) -> Self:
        """The state that `arrays` kept; intervals by voter need what was kept for them.

        Raises BadCounts where the arrays are not of one board.
        """
        weights = np.array(kept["weights"], dtype=np.float64)
        state = cls(len(weights), prior=prior, both_bad=both_bad, intervals=intervals)
        if state.moments is not None and "moments" not in kept:
            raise BadCounts("nothing was kept of who cast these votes")
        squares = np.array(kept["squares"], dtype=np.float64)
        if weights.shape != state.weights.shape or squares.shape != weights.shape:
            raise BadCounts(f"kept totals have the shapes {weights.shape} and {squares.shape}")
        state.weights, state.squares = weights, squares
        if "strengths" in kept:
            state.strengths = np.array(kept["strengths"], dtype=np.float64)
        if state.moments is not None:
            upper = np.triu_indices(len(state.moments.sums))
            if kept["moments"].shape != upper[0].shape:
                raise BadCounts(f"kept moments have the shape {kept['moments'].shape}, not {upper[0].shape}")
            state.moments.sums[upper] = kept["moments"]
            state.moments.sums.T[upper] = kept["moments"]
            state.moments.voters = int(kept["voters"])
            state.moments.cubes = float(kept["cubes"])
        return state


class History:
    """Earlier votes, found by voter: sorted ones, and behind them a short tail of those that came since."""

    __slots__ = ("sorted", "tail")

    def __init__(self, none: Ballots) -> None:
        """none: no votes, with the columns that all will have."""
        self.sorted, self.tail = none, none

    def of(self, voters: NDArray[np.uint32]) -> Ballots:
        """All votes of these voters, each given once."""
        assert self.sorted.voter is not None
        assert self.tail.voter is not None
        starts = np.searchsorted(self.sorted.voter, voters, side="left")
        lengths = np.searchsorted(self.sorted.voter, voters, side="right") - starts
        # The places start … start + length of each voter, one after the other.
        places = np.repeat(starts - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        return joined([self.sorted.where(places), self.tail.where(np.isin(self.tail.voter, voters))])

    def add(self, new: Ballots) -> None:
        """Remember votes."""
        self.tail = joined([self.tail, new])
        if len(self.tail) > max(TAIL, len(self.sorted) // 16):
            both = joined([self.sorted, self.tail])
            assert both.voter is not None
            self.sorted = both.where(np.argsort(both.voter, kind="stable"))
            self.tail = both.where(np.zeros(len(both), dtype=np.bool_))


class Live:
    """A board in memory that takes in votes as they come; it remembers who cast them, 7 to 9 bytes a vote."""

    __slots__ = ("history", "running")

    def __init__(
        self, players: int, *, prior: float = 0.5, both_bad: BothBad = "half", intervals: Intervals = "cautious"
    ) -> None:
        """Make a board without votes of at most 64 players; arguments as of `fit`. Raises BadSetting."""
        if players < 1:
            raise BadSetting(f"a board cannot have {players} players")
        self.running = Running(players, prior=prior, both_bad=both_bad, intervals=intervals)
        self.history: History | None = None

    def count(self, ballots: Ballots) -> None:
        """Count new votes, which must say who cast them; the first decide whether votes have weights.

        Raises BadCounts.
        """
        new = replace(self.running.counted(ballots), features=None)
        if new.voter is None:
            raise BadCounts("these votes do not say who cast them")
        if self.history is None:
            self.history = History(new.where(np.zeros(len(new), dtype=np.bool_)))
        before = self.history.of(np.unique(new.voter))
        self.history.add(new)
        self.running.count(new, before)

    def advance(self, ballots: Ballots, *, apart: bool = False) -> Fit:
        """Count new votes and fit all so far, as `fit` would at once.

        Raises BadCounts, and what `fit` raises: by then the votes are counted.
        """
        self.count(ballots)
        return self.running.fit(apart=apart)
