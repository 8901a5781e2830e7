"""Who meets whom, and on which side. Random, with the probability kept: an audit recomputes exposure from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil, comb
from random import Random

Pair = frozenset[int]


@dataclass(frozen=True, slots=True)
class Draw:
    """Two entries by side, and the probability of just this ordered pair."""

    a: int
    b: int
    propensity: float


def pair_cap(voter_cap: int, entries: int) -> int:
    """How many of a voter's counted votes may fall on one unordered pair of a field of `entries`."""
    return ceil(voter_cap / max(1, comb(entries, 2)))


def draw_pair(weights: Mapping[int, float], *, spent: Sequence[Pair], cap: int, random: Random) -> Draw | None:
    """An ordered pair of entries; None if fewer than two can be drawn.

    weights: entry -> weight (> 0) of those that can answer now; a pair's chance goes by the product.
    spent: the pairs of the voter's counted votes so far. Pairs with room below `cap` come first, so that a voter's
    votes count as long as any can; the choice depends on this voter's past alone, never on a verdict.
    """
    pairs = [frozenset(pair) for pair in combinations(sorted(weights), 2)]
    if not pairs:
        return None
    with_room = [pair for pair in pairs if spent.count(pair) < cap] or pairs
    chances = [_product(weights, pair) for pair in with_room]
    (pair,) = random.choices(with_room, chances)
    a, b = random.sample(sorted(pair), 2)
    return Draw(a, b, _product(weights, pair) / sum(chances) / 2)


def _product(weights: Mapping[int, float], pair: Pair) -> float:
    one, other = pair
    return weights[one] * weights[other]
