"""Votes one by one, in columns: who met, how it ended, who voted, what it weighs and how the answers looked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rating.errors import BadCounts, BadFeatures, BadWeight
from rating.outcomes import Outcome
from rating.tally import Tally, count_votes, refuse_bad_votes, whole_numbers

Floats = NDArray[np.float64]
Ids = NDArray[np.unsignedinteger]

Number = TypeVar("Number", np.uint32, np.float64)

LARGEST_VOTER = 2**32 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Ballots:
    """Votes of n players in columns of the same length, checked. `from_arrays` is the door.

    Ids take the fewest bytes that hold them: a vote with its voter takes 7 bytes up to 256 players, 9 beyond.
    """

    players: int
    first: Ids
    second: Ids
    outcome: NDArray[np.uint8]
    voter: NDArray[np.uint32] | None = None
    """Ids of who voted, or None where that is not known. They need not be without gaps."""
    weight: Floats | None = None
    """What each vote counts, 0 or more; None where each counts once."""
    features: Floats | None = None
    """(votes, k), how the first answer differs from the second; None where that is not known."""

    @classmethod
    def from_arrays(
        cls,
        first: ArrayLike,
        second: ArrayLike,
        outcome: ArrayLike,
        *,
        players: int,
        voter: ArrayLike | None = None,
        weight: ArrayLike | None = None,
        features: ArrayLike | None = None,
    ) -> Self:
        """Check the columns and copy them into their smallest types.

        first, second: ids 0 … players − 1; outcome: see `Outcome`; voter: ids 0 … 2³² − 1; all integers (votes,).
        weight: finite, 0 or more (votes,); features: finite (votes, k).
        Raises BadCounts, SelfBattle, UnknownOutcome, BadWeight and BadFeatures, naming the vote by its index.
        """
        if players < 0:
            raise BadCounts(f"a board cannot have {players} players")
        firsts, seconds, outcomes = (whole_numbers(array) for array in (first, second, outcome))
        votes = firsts.size
        if not firsts.shape == seconds.shape == outcomes.shape:
            raise BadCounts("first, second and outcome must have the same length")
        refuse_bad_votes(firsts, seconds, outcomes, players, 0)
        smallest = np.min_scalar_type(max(players - 1, 0))
        return cls(
            players,
            firsts.astype(smallest),
            seconds.astype(smallest),
            outcomes.astype(np.uint8),
            None if voter is None else checked_voters(voter, votes),
            None if weight is None else checked_weights(weight, votes),
            None if features is None else checked_features(features, votes),
        )

    def __len__(self) -> int:
        return int(self.first.size)

    def tally(self) -> Tally:
        """The votes as counts; what they weigh is left out."""
        return Tally(count_votes(self.first, self.second, self.outcome, self.players))

    def sums(self, values: Floats) -> Floats:
        """The sum of values (votes,) over the votes of each kind, (n, n, 4), [first, second, outcome]."""
        n, kinds = self.players, len(Outcome)
        kind = (self.first.astype(np.intp) * n + self.second) * kinds + self.outcome
        sums: Floats = np.bincount(kind, values, n * n * kinds).astype(np.float64, copy=False)
        return sums.reshape(n, n, kinds)

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "Ballots":
        """The chosen votes, by a mask (votes,) or by indices, which may repeat."""
        return Ballots(
            self.players,
            self.first[chosen],
            self.second[chosen],
            self.outcome[chosen],
            None if self.voter is None else self.voter[chosen],
            None if self.weight is None else self.weight[chosen],
            None if self.features is None else self.features[chosen],
        )

    def between(self, players: NDArray[np.intp]) -> "Ballots":
        """The votes between some players, who get the ids 0, 1, … in their order."""
        number = np.full(self.players, -1)
        number[players] = np.arange(len(players))
        first, second = number[self.first], number[self.second]
        kept = (first >= 0) & (second >= 0)
        votes, smallest = self.where(kept), np.min_scalar_type(max(len(players) - 1, 0))
        return replace(
            votes, players=len(players), first=first[kept].astype(smallest), second=second[kept].astype(smallest)
        )

    def counted(self, outcomes: Floats) -> "Ballots":
        """The votes that count: of an outcome that is not 0 in outcomes (4,), and of a weight that is not 0."""
        counts = outcomes[self.outcome] > 0
        if self.weight is not None:
            counts &= self.weight > 0
        return self if counts.all() else self.where(counts)

    def voters(self) -> tuple[NDArray[np.intp], int]:
        """Each vote's voter, numbered without gaps (votes,), and how many voters there are. Raises BadCounts."""
        if self.voter is None:
            raise BadCounts("these votes do not say who cast them")
        distinct, numbered = np.unique(self.voter, return_inverse=True)
        return numbered, int(distinct.size)


def joined(parts: Sequence[Ballots]) -> Ballots:
    """The votes of all parts, one after the other. Raises BadCounts where they do not fit together."""
    if len({part.players for part in parts}) != 1:
        raise BadCounts("ballots to join must be of the same players, and some there must be")
    return Ballots(
        parts[0].players,
        np.concatenate([part.first for part in parts]),
        np.concatenate([part.second for part in parts]),
        np.concatenate([part.outcome for part in parts]),
        joined_columns("voters", [part.voter for part in parts]),
        joined_columns("weights", [part.weight for part in parts]),
        joined_columns("features", [part.features for part in parts]),
    )


def joined_columns(name: str, columns: Sequence[NDArray[Number] | None]) -> NDArray[Number] | None:
    """A column that all parts have or none. Raises BadCounts."""
    found = [column for column in columns if column is not None]
    if found and len(found) < len(columns):
        raise BadCounts(f"some of the ballots to join have {name}, others have not")
    return np.concatenate(found) if found else None


def checked_voters(array: ArrayLike, votes: int) -> NDArray[np.uint32]:
    """Voters' ids (votes,). Raises BadCounts."""
    voters = whole_numbers(array)
    if voters.size != votes:
        raise BadCounts(f"there are {votes} votes, but {voters.size} voters")
    bad = (voters < 0) | (voters > LARGEST_VOTER)
    if bad.any():
        where = int(np.argmax(bad))
        raise BadCounts(f"vote {where}: voter {voters[where]} is not among 0 … {LARGEST_VOTER}")
    return voters.astype(np.uint32)


def checked_weights(array: ArrayLike, votes: int) -> Floats:
    """Weights (votes,). Raises BadWeight."""
    weights = numbers_of(array, BadWeight)
    if weights.shape != (votes,):
        raise BadWeight(f"there are {votes} votes, but weights of the shape {weights.shape}")
    bad = ~((weights >= 0) & np.isfinite(weights))
    if bad.any():
        where = int(np.argmax(bad))
        raise BadWeight(f"vote {where}: the weight {weights[where]} is not a number of 0 or more")
    return weights


def checked_features(array: ArrayLike, votes: int) -> Floats:
    """Features (votes, k). Raises BadFeatures."""
    features = numbers_of(array, BadFeatures)
    if features.ndim != 2 or features.shape[0] != votes:
        raise BadFeatures(f"features of {votes} votes must have the shape ({votes}, k), not {features.shape}")
    bad = ~np.isfinite(features).all(axis=1)
    if bad.any():
        where = int(np.argmax(bad))
        raise BadFeatures(f"vote {where}: its features {features[where].tolist()} are not all numbers")
    return features


def numbers_of(array: ArrayLike, refused: type[BadWeight] | type[BadFeatures]) -> Floats:
    """A copy of the array as floats. Raises what is given for anything that holds no numbers."""
    try:
        return np.array(array, dtype=np.float64)
    except (TypeError, ValueError) as why:
        raise refused(f"numbers are needed: {why}") from why
