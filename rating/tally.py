"""Votes as counts: all that a rating needs to know, in a size that does not grow with the votes."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from rating.errors import BadCounts, SelfBattle, UnknownOutcome
from rating.outcomes import Outcome

Counts = NDArray[np.int64]

PIECE = 1 << 16  # votes

LARGEST_COUNT = 2**53  # beyond it, a float no longer holds every whole number


class Tally:
    """How often each ordered pair of players met and how it ended. Players are 0 … n-1.

    counts: int64 (n, n, 4), [first, second, outcome], in votes; the diagonal is zero.
    """

    __slots__ = ("counts",)

    counts: Counts

    def __init__(self, counts: Counts) -> None:
        """Wrap counts that are known to be good; `from_counts` is the door for all others."""
        self.counts = counts

    @classmethod
    def empty(cls, n: int) -> Self:
        """Make a tally of n players without votes. Raises BadCounts for a negative n."""
        if n < 0:
            raise BadCounts(f"a board cannot have {n} players")
        return cls(np.zeros((n, n, len(Outcome)), dtype=np.int64))

    @classmethod
    def from_counts(cls, array: ArrayLike) -> Self:
        """Make a tally from a copy of integers (n, n, 4). Raises BadCounts and SelfBattle."""
        counts = np.asarray(array)
        if counts.ndim != 3 or counts.shape[0] != counts.shape[1] or counts.shape[2] != len(Outcome):
            raise BadCounts(f"counts must have the shape (n, n, {len(Outcome)}), not {counts.shape}")
        if not np.issubdtype(counts.dtype, np.integer):
            raise BadCounts(f"counts must be integers, not {counts.dtype}")
        if counts.size and counts.min() < 0:
            raise BadCounts("counts must not be negative")
        if counts.size and counts.max() > LARGEST_COUNT:
            raise BadCounts(f"counts must not exceed {LARGEST_COUNT}")
        selves = np.flatnonzero(np.einsum("iio->i", counts))
        if selves.size:
            raise SelfBattle(f"player {selves[0]} battles itself")
        return cls(counts.astype(np.int64))

    @property
    def players(self) -> int:
        """The number of players, with or without votes."""
        return int(self.counts.shape[0])

    @property
    def votes(self) -> int:
        """The number of votes."""
        return int(self.counts.sum())

    def games(self) -> NDArray[np.int64]:
        """The votes each player took part in, int64 (n,)."""
        pairs: NDArray[np.int64] = self.counts.sum(axis=2)
        games: NDArray[np.int64] = pairs.sum(axis=0) + pairs.sum(axis=1)
        return games

    def add(self, first: int, second: int, outcome: int, count: int = 1) -> None:
        """Count votes of one kind, in constant time.

        Raises BadCounts for a player not on the board or a negative count, SelfBattle, UnknownOutcome.
        """
        # numpy would take -1 for the last player.
        if not (0 <= first < self.players and 0 <= second < self.players):
            raise BadCounts(f"players {first} and {second} are not both among 0 … {self.players - 1}")
        if first == second:
            raise SelfBattle(f"player {first} battles itself")
        if not 0 <= outcome < len(Outcome):
            raise UnknownOutcome(f"{outcome!r} is no outcome")
        if not 0 <= count <= LARGEST_COUNT:
            raise BadCounts(f"{count} votes cannot be counted")
        self.counts[first, second, outcome] += count

    def add_many(self, first: ArrayLike, second: ArrayLike, outcome: ArrayLike) -> None:
        """Count votes given as three integer arrays (votes,): all of them or, on an error, none.

        Raises BadCounts, SelfBattle and UnknownOutcome, naming the vote by its index.
        """
        firsts, seconds, outcomes = (whole_numbers(array) for array in (first, second, outcome))
        if not firsts.shape == seconds.shape == outcomes.shape:
            raise BadCounts("first, second and outcome must have the same length")
        self.counts += count_votes(firsts, seconds, outcomes, self.players)

    def merge(self, other: "Tally") -> None:
        """Count all votes of a tally of the same players. Raises BadCounts where their numbers differ."""
        if other.players != self.players:
            raise BadCounts(f"a tally of {other.players} players does not fit one of {self.players}")
        self.counts += other.counts

    def grown(self, n: int) -> "Tally":
        """A copy with room for n players; the old keep their ids. Raises BadCounts if n is smaller."""
        if n < self.players:
            raise BadCounts(f"a tally of {self.players} players cannot shrink to {n}")
        larger = Tally.empty(n)
        larger.counts[: self.players, : self.players] = self.counts
        return larger

    def components(self) -> tuple[tuple[int, ...], ...]:
        """The groups of players that chains of votes join: ids ascending, the largest group first.

        A player without votes is a group of its own. Equally large groups stand by their first id.
        """
        return groups(self.counts.sum(axis=2), strong=False)


def count_votes(
    firsts: NDArray[np.integer], seconds: NDArray[np.integer], outcomes: NDArray[np.integer], players: int
) -> Counts:
    """The counts (players, players, 4) of votes given as three arrays (votes,), checked.

    Raises BadCounts, SelfBattle and UnknownOutcome, naming the vote by its index.
    """
    kinds = len(Outcome)
    counts = np.zeros(players * players * kinds, dtype=np.int64)
    # In pieces that stay in the cache while they are checked and counted, yet are more than the counts to add to.
    piece = max(PIECE, 2 * counts.size)
    kind = np.empty(min(piece, firsts.size), dtype=np.intp)
    for start in range(0, firsts.size, piece):
        a, b, ended = (each[start : start + piece] for each in (firsts, seconds, outcomes))
        if not (within(a, players) and within(b, players) and within(ended, kinds)):
            refuse_bad_votes(a, b, ended, players, start)
        key = kind[: a.size]
        np.multiply(a, players, out=key, dtype=np.intp, casting="unsafe")
        key += b.astype(np.intp, copy=False)
        key *= kinds
        key += ended.astype(np.intp, copy=False)
        counts += np.bincount(key, minlength=counts.size)
    counted = counts.reshape(players, players, kinds)
    # A player against itself lies on the diagonal: looking there costs less than comparing all ids.
    if np.einsum("iio->", counted):
        refuse_bad_votes(firsts, seconds, outcomes, players, 0)
    return counted


def within(numbers: NDArray[np.integer], limit: int) -> bool:
    """Whether all are among 0 … limit − 1."""
    # Read without its sign a negative number is a large one, so that one pass tells both.
    unsigned = numbers.view(numbers.dtype.str.replace("i", "u"))
    return bool(unsigned.max() < limit)


def whole_numbers(array: ArrayLike) -> NDArray[np.integer]:
    """The array (votes,) as integers of any width. Raises BadCounts for anything else."""
    numbers = np.asarray(array)
    if numbers.ndim != 1:
        raise BadCounts(f"votes come in arrays of one dimension, not {numbers.ndim}")
    if numbers.size == 0:
        return numbers.astype(np.int64)  # an empty list has no integers to be recognised by
    if not np.issubdtype(numbers.dtype, np.integer):
        raise BadCounts(f"votes come as integers, not {numbers.dtype}")
    return numbers


def refuse_bad_votes(
    firsts: NDArray[np.integer],
    seconds: NDArray[np.integer],
    outcomes: NDArray[np.integer],
    players: int,
    start: int,
) -> None:
    """Raise the error of a bad vote, named by its index; start is the index of the arrays' first element."""
    if firsts.size == 0:
        return
    for ids in (firsts, seconds):
        if not within(ids, players):
            where = int(np.argmax((ids < 0) | (ids >= players)))
            raise BadCounts(f"vote {start + where}: player {ids[where]} is not among 0 … {players - 1}")
    if not within(outcomes, len(Outcome)):
        where = int(np.argmax((outcomes < 0) | (outcomes >= len(Outcome))))
        raise UnknownOutcome(f"vote {start + where}: {outcomes[where]} is no outcome")
    same = firsts == seconds
    if same.any():
        where = int(np.argmax(same))
        raise SelfBattle(f"vote {start + where}: player {firsts[where]} battles itself")


def everyone_reached(links: NDArray[np.int64] | NDArray[np.float64]) -> bool:
    """Whether the arrows i → j where links[i, j] > 0 lead from player 0 to all others; links is (n, n)."""
    arrows = (links > 0).astype(np.float64)
    reached, before = np.arange(len(links)) == 0, 0
    while before < (now := int(np.count_nonzero(reached))):
        before, reached = now, reached | (reached @ arrows > 0)
    return now == len(links)


def groups(links: NDArray[np.int64] | NDArray[np.float64], *, strong: bool) -> tuple[tuple[int, ...], ...]:
    """Connected components of the graph with an edge i → j where links[i, j] > 0; links is (n, n).

    strong: whether two players of a group must reach each other along the arrows. Order as in `components`.
    """
    n = links.shape[0]
    if n == 0:
        return ()
    if all(everyone_reached(way) for way in ((links, links.T) if strong else (links + links.T,))):
        return (tuple(range(n)),)
    number, labels = connected_components(csr_array(links), directed=True, connection="strong" if strong else "weak")
    members = (tuple(np.flatnonzero(labels == label).tolist()) for label in range(number))
    return tuple(sorted(members, key=lambda group: (-len(group), group)))
