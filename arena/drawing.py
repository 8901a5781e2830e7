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


def draw_pair(
    weights: Mapping[int, float],
    *,
    spent: Sequence[Pair],
    cap: int,
    random: Random,
    chances: Mapping[Pair, float] | None = None,
) -> Draw | None:
    """An ordered pair of entries; None if fewer than two can be drawn.

    weights: entry -> weight (> 0) of those that can answer now.
    spent: the pairs of the voter's counted votes so far. Pairs with room below `cap` come first, so that a voter's
    votes count as long as any can.
    chances: how likely each pair is to meet, as published for everybody. Those of the pairs that can be drawn keep
    their proportions. Without them, or where one is not known, a pair's chance goes by the product of its weights.

    The choice depends on this voter's past and on what is published, and on nobody's verdict beyond that: who sees
    the board could work the chances out, so that they tell no voter more of who stands behind A and B.
    """
    pairs = [frozenset(pair) for pair in combinations(sorted(weights), 2)]
    if not pairs:
        return None
    with_room = [pair for pair in pairs if spent.count(pair) < cap] or pairs
    wanted = _published(with_room, chances or {}) or [_product(weights, pair) for pair in with_room]
    place = random.choices(range(len(with_room)), wanted)[0]
    a, b = random.sample(sorted(with_room[place]), 2)
    return Draw(a, b, wanted[place] / sum(wanted) / 2)


def _published(pairs: Sequence[Pair], chances: Mapping[Pair, float]) -> list[float] | None:
    """The published chance of each of these pairs; None if some pair has none."""
    found = [chances.get(pair, 0.0) for pair in pairs]
    return found if all(found) else None


def _product(weights: Mapping[int, float], pair: Pair) -> float:
    one, other = pair
    return weights[one] * weights[other]
