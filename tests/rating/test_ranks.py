"""Rank sets: what the votes leave open about the order, for all players at once."""

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm

from rating import BadSetting, Fit, Outcome, Tally, fit, rank_sets, rank_upper_bounds, ranks
from rating.ranks import inverse_errors, place_of
from tests.rating.test_bradley_terry import tallies

A, B, TIE, _ = Outcome


def drawn_board(truth: NDArray[np.float64], votes: int, random: np.random.Generator) -> Tally:
    """Votes between uniformly drawn pairs, every fifth a tie."""
    n = len(truth)
    first = random.integers(0, n, votes)
    second = (first + random.integers(1, n, votes)) % n
    wins = random.random(votes) < 1 / (1 + np.exp(truth[second] - truth[first]))
    tally = Tally.empty(n)
    tally.add_many(first, second, np.where(random.random(votes) < 0.2, TIE, np.where(wins, A, B)))
    return tally


def made(strengths: Any, covariance: Any, **other: Any) -> Fit:
    """A board of these strengths, nats, and this covariance."""
    n = len(strengths)
    fields: dict[str, Any] = {"votes": np.full(n, 100.0), "determined": np.ones(n, dtype=np.bool_)}
    fields |= other
    return Fit(np.array(strengths, dtype=float), np.array(covariance, dtype=float), log_likelihood=0.0, **fields)


@given(tallies(least=2))
def test_a_rank_set_contains_the_point_rank_and_the_looser_bound(tally: Tally) -> None:
    board = fit(tally, apart=True)
    low, high = rank_sets(board)
    assert (low >= 1).all()
    assert (low <= board.ranks()).all()
    assert (board.ranks() <= high).all()
    assert (high <= tally.players).all()
    assert (rank_upper_bounds(board) <= high).all()


@given(st.integers(0, 10**6))
def test_renaming_players_renames_their_rank_sets(seed: int) -> None:
    random = np.random.default_rng(seed)
    tally = drawn_board(random.normal(0, 1, 6), 600, random)
    order = random.permutation(6)
    plain, renamed = rank_sets(fit(tally)), rank_sets(fit(Tally(tally.counts[np.ix_(order, order)])))
    for before, after in zip(plain, renamed, strict=True):
        assert np.array_equal(before[order], after)


def test_two_players_are_apart_where_the_normal_law_says_so() -> None:
    # Of two players, max-t is |t| of one difference: its quantile is that of two sides.
    for z, sure in ((1.85, False), (2.07, True)):
        low, high = rank_sets(made([z / 2, -z / 2], [[0.25, -0.25], [-0.25, 0.25]]), draws=20_000)
        assert (low.tolist(), high.tolist()) == (([1, 2], [1, 2]) if sure else ([1, 1], [2, 2]))
    assert norm.ppf(0.975) == pytest.approx((1.85 + 2.07) / 2, abs=0.01)


def test_a_claim_once_made_lets_others_through(monkeypatch: pytest.MonkeyPatch) -> None:
    # Twelve equal errors: the range of all pairs on both sides needs 3.27 (Tukey's 4.62 / √2). Once the far pairs
    # are rejected in their direction, their opposites and the six close pairs need about 3.05.
    strengths = np.repeat(np.arange(6) * -100.0, 2)
    strengths[::2] += 3.15 * np.sqrt(2)
    board = made(strengths, np.eye(12))
    low, high = rank_sets(board, draws=20_000)
    assert np.array_equal(low, high)
    monkeypatch.setattr(ranks, "MOST_ROUNDS", 1)
    low, high = rank_sets(board, draws=20_000)
    assert np.array_equal(low, 1 + 2 * (np.arange(12) // 2))
    assert np.array_equal(high - low, np.ones(12))


def test_equal_players_may_have_any_rank() -> None:
    low, high = rank_sets(made([0.0] * 5, np.eye(5) * 1e-30))
    assert (low.tolist(), high.tolist()) == ([1] * 5, [5] * 5)


def test_a_difference_without_variance_claims_nothing() -> None:
    # A thousand ties: no vote differs from what the fit expects, so the sandwich is empty.
    tied = Tally.empty(2)
    tied.add(0, 1, TIE, 1000)
    low, high = rank_sets(fit(tied))
    assert (low.tolist(), high.tolist()) == ([1, 1], [2, 2])
    alike = made([1.0, 0.0], np.ones((2, 2)))
    assert inverse_errors(alike.covariance).tolist() == [[0, 0], [0, 0]]
    assert rank_sets(alike)[1].tolist() == [2, 2]


def test_nothing_is_sure_about_a_player_only_the_prior_holds() -> None:
    random = np.random.default_rng(3)
    tally = drawn_board(np.array([3.0, 0.0, -3.0, 0.0]), 4000, random)
    tally.counts[3] = tally.counts[:, 3] = 0
    tally.add(3, 0, A, 50)
    board = fit(tally)
    assert board.determined.tolist() == [True, True, True, False]
    low, high = rank_sets(board)
    assert low.tolist() == [1, 2, 3, 1]
    assert high.tolist() == [2, 3, 4, 4]


def test_groups_that_never_met_are_not_ranked_across() -> None:
    random = np.random.default_rng(4)
    tally = Tally.empty(9)
    tally.counts[:5, :5] = drawn_board(np.array([8.0, 4.0, 0.0, -4.0, -8.0]), 20_000, random).counts
    tally.counts[5:, 5:] = drawn_board(np.array([8.0, 4.0, 0.0, -4.0]), 20_000, random).counts
    low, high = rank_sets(fit(tally, apart=True))
    assert low.tolist() == [1, 2, 3, 4, 5, 1, 1, 1, 1]
    assert high.tolist() == [5, 6, 7, 8, 9, 9, 9, 9, 9]


def test_references_are_left_out_of_the_ranking() -> None:
    board = made([2.0, 1.0, 0.0, -1.0], np.eye(4) * 1e-4)
    among = np.array([False, True, False, True])
    low, high = rank_sets(board, among=among)
    assert (low.tolist(), high.tolist()) == ([0, 1, 0, 2], [0, 1, 0, 2])
    assert rank_upper_bounds(board, among=among).tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize("chosen", [0, 1])
def test_no_player_and_one_player_have_nothing_to_be_sure_of(chosen: int) -> None:
    among = np.arange(3) < chosen
    low, high = rank_sets(made([1.0, 0.0, -1.0], np.eye(3)), among=among)
    assert (low.tolist(), high.tolist()) == ([chosen, 0, 0], [chosen, 0, 0])


def test_an_anchor_changes_no_rank_set() -> None:
    random = np.random.default_rng(5)
    board = fit(drawn_board(random.normal(0, 0.5, 8), 900, random))
    anchored = rank_sets(board.anchored(3))
    assert np.array_equal(rank_sets(board), anchored)


def test_the_same_board_has_the_same_rank_sets_and_another_generator_may_not() -> None:
    random = np.random.default_rng(6)
    board = fit(drawn_board(random.normal(0, 0.3, 20), 3000, random))
    assert np.array_equal(rank_sets(board), rank_sets(board))
    others = [rank_sets(board, draws=20, rng=np.random.default_rng(seed)) for seed in range(9)]
    assert any(not np.array_equal(others[0], other) for other in others)


def test_a_higher_level_claims_less() -> None:
    random = np.random.default_rng(7)
    board = fit(drawn_board(random.normal(0, 0.3, 12), 3000, random))
    wide, narrow = rank_sets(board, level=0.999), rank_sets(board, level=0.5)
    assert (wide[0] <= narrow[0]).all()
    assert (wide[1] >= narrow[1]).all()
    assert (wide[1] - wide[0]).sum() > (narrow[1] - narrow[0]).sum()


def test_bad_levels_draws_and_masks_are_refused() -> None:
    board = made([1.0, 0.0], np.eye(2))
    for level, draws in ((0.0, 100), (1.0, 100), (float("nan"), 100), (0.99, 98), (0.95, 0)):
        with pytest.raises(BadSetting):
            rank_sets(board, level=level, draws=draws)
    assert place_of(0.99, 99) == 99
    with pytest.raises(BadSetting):
        rank_upper_bounds(board, level=1.0)
    for among in (np.array([True]), np.array([1, 0]), np.ones((2, 2), dtype=np.bool_)):
        with pytest.raises(BadSetting, match="2 times true or false"):
            rank_sets(board, among=among)


def test_intervals_apart_make_a_rank_upper_bound() -> None:
    # Half-widths of 1.96: 4 apart leaves nothing between the intervals of neighbours, 3.9 does not.
    assert rank_upper_bounds(made([8.0, 4.0, 0.1], np.eye(3))).tolist() == [1, 2, 2]
    twice = replace(made([8.0, 4.0, 0.1], np.eye(3)), covariance=np.eye(3) * 4)
    assert rank_upper_bounds(twice).tolist() == [1, 1, 2]


def test_rank_sets_are_rarely_false_about_any_player() -> None:
    """400 boards of 8 nearly equal players; the promise is that at most 5 % are false anywhere."""
    random = np.random.default_rng(20240814)
    false = 0
    for _ in range(400):
        truth = random.normal(0, 0.15, 8)
        low, high = rank_sets(fit(drawn_board(truth, 800, random)))
        ranks = 1 + (truth[None, :] > truth[:, None]).sum(axis=1)
        false += bool(((ranks < low) | (ranks > high)).any())
    assert false / 400 <= 0.05


def test_the_order_of_ids_does_not_matter_to_the_draws(real_board: tuple[tuple[str, ...], Tally]) -> None:
    _, tally = real_board
    order = list(range(tally.players))
    Random(1).shuffle(order)
    plain = rank_sets(fit(tally))
    renamed = rank_sets(fit(Tally(tally.counts[np.ix_(order, order)])))
    assert np.array_equal(np.array(plain)[:, order], np.array(renamed))
    assert plain[0].tolist()[0] >= 1
