"""Votes become counts, and what is no vote is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating import (
    OUTCOME_NAMES,
    BadCounts,
    Outcome,
    SelfBattle,
    Tally,
    UnknownOutcome,
    outcome_named,
)

votes_of_five = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3)).filter(lambda vote: vote[0] != vote[1]),
    max_size=60,
)


def columns(votes: list[tuple[int, int, int]]) -> list[list[int]]:
    return [[vote[place] for vote in votes] for place in range(3)]


@given(votes_of_five)
def test_votes_added_together_count_as_one_by_one(votes: list[tuple[int, int, int]]) -> None:
    together, single = Tally.empty(5), Tally.empty(5)
    together.add_many(*columns(votes))
    for vote in votes:
        single.add(*vote)
    assert np.array_equal(together.counts, single.counts)
    assert together.votes == len(votes)
    assert together.games().tolist() == [sum(player in vote[:2] for vote in votes) for player in range(5)]


@given(votes_of_five, votes_of_five)
def test_merging_tallies_counts_all_their_votes(
    one: list[tuple[int, int, int]], two: list[tuple[int, int, int]]
) -> None:
    merged, other, whole = Tally.empty(5), Tally.empty(5), Tally.empty(5)
    merged.add_many(*columns(one))
    other.add_many(*columns(two))
    whole.add_many(*columns(one + two))
    merged.merge(other)
    assert np.array_equal(merged.counts, whole.counts)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint64])
def test_arrays_longer_than_a_piece_count_completely_in_any_integer_width(dtype: type[np.integer]) -> None:
    length = 3 * 65_536 + 5
    first = (np.arange(length) % 3).astype(dtype)
    second = ((np.arange(length) + 1) % 3).astype(dtype)
    tally = Tally.empty(3)
    tally.add_many(first, second, np.full(length, Outcome.BOTH_BAD, dtype=dtype))
    assert tally.votes == length
    assert tally.counts[0, 1, Outcome.BOTH_BAD] == 65_536 + 2


@pytest.mark.parametrize(
    ("vote", "error", "why"),
    [
        ((0, 5, 0), BadCounts, "player 5 is not among"),
        ((-1, 1, 0), BadCounts, "player -1 is not among"),
        ((2, 2, 0), SelfBattle, "player 2 battles itself"),
        ((0, 1, 4), UnknownOutcome, "4 is no outcome"),
        ((0, 1, -1), UnknownOutcome, "-1 is no outcome"),
    ],
)
def test_one_bad_vote_keeps_all_out_and_is_named(vote: tuple[int, int, int], error: type[ValueError], why: str) -> None:
    tally = Tally.empty(5)
    with pytest.raises(error, match=f"vote 70000: {why}"):
        tally.add_many(*columns([(0, 1, 0)] * 70_000 + [vote]))
    assert tally.votes == 0
    with pytest.raises(error):
        tally.add(*vote)
    assert tally.votes == 0


def test_votes_that_are_no_whole_numbers_are_refused() -> None:
    tally = Tally.empty(3)
    for first, second, outcome in (
        ([0.0], [1], [0]),
        ([0], [1], ["a"]),
        ([True], [1], [0]),
        ([[0]], [[1]], [[0]]),
    ):
        with pytest.raises(BadCounts):
            tally.add_many(first, second, outcome)
    with pytest.raises(BadCounts, match="same length"):
        tally.add_many([0, 1], [1], [0])
    with pytest.raises(BadCounts, match="-1 votes"):
        tally.add(0, 1, Outcome.A, -1)


def test_counts_of_a_wrong_shape_or_kind_are_refused() -> None:
    good = np.zeros((2, 2, 4), dtype=np.int64)
    for bad in (good[:, :, :3], good[:1], good[0], good.astype(float), good - 1, good + 2**60):
        with pytest.raises(BadCounts):
            Tally.from_counts(bad)
    with pytest.raises(SelfBattle, match="player 0"):
        Tally.from_counts(good + 1)
    with pytest.raises(BadCounts):
        Tally.empty(-1)


def test_a_tally_does_not_share_its_counts_with_whoever_gave_them() -> None:
    given_counts = np.zeros((2, 2, 4), dtype=np.int64)
    Tally.from_counts(given_counts).add(0, 1, Outcome.A)
    assert given_counts.sum() == 0


def test_a_grown_tally_keeps_ids_and_votes() -> None:
    tally = Tally.empty(2)
    tally.add(1, 0, Outcome.TIE, 3)
    larger = tally.grown(4)
    larger.add(3, 1, Outcome.B)
    assert larger.games().tolist() == [3, 4, 0, 1]
    assert tally.votes == 3
    with pytest.raises(BadCounts, match="cannot shrink"):
        larger.grown(3)
    with pytest.raises(BadCounts, match="does not fit"):
        larger.merge(tally)


def test_components_stand_largest_first() -> None:
    tally = Tally.empty(6)
    for first, second in ((5, 2), (4, 1), (1, 0)):
        tally.add(first, second, Outcome.BOTH_BAD)
    assert tally.components() == ((0, 1, 4), (2, 5), (3,))
    assert Tally.empty(0).components() == ()


def test_outcomes_have_one_number_and_one_name() -> None:
    assert [outcome_named(name) for name in OUTCOME_NAMES] == list(Outcome) == [0, 1, 2, 3]
    for word in ("A", "left", ""):
        with pytest.raises(UnknownOutcome):
            outcome_named(word)


@pytest.mark.parametrize("kind", ["<i8", ">i8", ">i2", "i1", "u1", "u8"])
def test_integers_of_any_width_and_byte_order_are_counted(kind: str) -> None:
    tally = Tally.empty(3)
    tally.add_many(*(np.array(column, dtype=kind) for column in ([0, 1], [1, 2], [2, 3])))
    assert tally.counts[0, 1, 2] == tally.counts[1, 2, 3] == 1
    with pytest.raises(BadCounts, match="vote 1: player 5"):
        tally.add_many(*(np.array(column, dtype=kind) for column in ([0, 5], [1, 2], [2, 3])))


def test_a_bad_vote_among_a_million_is_named_and_none_is_counted() -> None:
    first, second, outcome = np.zeros(1_000_000, int), np.ones(1_000_000, int), np.zeros(1_000_000, int)
    second[765_432] = 0
    tally = Tally.empty(3)
    with pytest.raises(SelfBattle, match="vote 765432"):
        tally.add_many(first, second, outcome)
    outcome[345_678] = -1
    with pytest.raises(UnknownOutcome, match="vote 345678"):
        tally.add_many(first, second, outcome)
    assert tally.votes == 0
