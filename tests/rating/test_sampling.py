"""Who meets next: the pairs that say most about the line, within bounds, with every probability known."""

import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rating import (
    BadSetting,
    Design,
    Empty,
    Fit,
    Tally,
    arena_probabilities,
    draw_pair,
    fit,
    pair_probabilities,
    uniform_probabilities,
)

Floats = NDArray[np.float64]

AT_ONCE = Design(floor=0)


def contest(players: int, votes: int, seed: int = 1, spread: float = 0.6) -> Tally:
    random = np.random.default_rng(seed)
    truth = np.linspace(spread, -spread, players)
    first = random.integers(0, players, votes)
    second = (first + random.integers(1, players, votes)) % players
    p = 1 / (1 + np.exp(truth[second] - truth[first]))
    tally = Tally.empty(players)
    tally.add_many(first, second, np.where(random.random(votes) < p, 0, 1))
    return tally


def exposure(probabilities: Floats) -> Floats:
    drawn: Floats = probabilities.sum(axis=0) + probabilities.sum(axis=1)
    return drawn


def assert_a_design(probabilities: Floats) -> None:
    assert probabilities.sum() == pytest.approx(1)
    assert (np.tril(probabilities) == 0).all()
    assert (probabilities >= 0).all()


def scores_one_by_one(board: Fit, tally: Tally, below: int, candidates: list[int]) -> Floats:
    """The formula of the target, pair by pair and contrast by contrast."""
    n = tally.players
    met = tally.counts.sum(axis=2) + tally.counts.sum(axis=2).T
    p = 1 / (1 + np.exp(board.strengths[None, :] - board.strengths[:, None]))
    information = np.diag(0.5 / (2 + np.exp(board.strengths) + np.exp(-board.strengths)))
    unit = np.eye(n)
    for a, b in combinations(range(n), 2):
        e = unit[a] - unit[b]
        information += met[a, b] * p[a, b] * p[b, a] * np.outer(e, e)
    inverse = np.linalg.inv(information)
    worst_first = sorted(candidates, key=lambda player: board.strengths[player])
    scores = np.zeros((n, n))
    for a, b in combinations(range(n), 2):
        e, w = unit[a] - unit[b], p[a, b] * p[b, a]
        for i in worst_first[:below]:
            for j in worst_first[below:]:
                c = unit[i] - unit[j]
                z = (c @ board.strengths) ** 2 / (c @ board.covariance @ c)
                scores[a, b] += math.exp(-z / 4) * w * (c @ inverse @ e) ** 2 / (1 + w * (e @ inverse @ e))
    shares: Floats = scores**4 / (scores**4).sum()
    return shares


@pytest.mark.parametrize(("below", "candidates"), [(1, range(7)), (3, range(7)), (2, [0, 2, 3, 6])])
def test_half_is_uniform_and_half_goes_where_a_vote_tells_most_about_the_line(
    below: int, candidates: list[int]
) -> None:
    tally = contest(7, 900)
    board = fit(tally)
    among = np.isin(np.arange(7), list(candidates))
    loose = Design(floor=0, cap=1e9)
    found = pair_probabilities(board, tally, below, among=among, design=loose)
    uniform = np.triu(np.full((7, 7), 1 / 21), 1)
    expected = 0.5 * uniform + 0.5 * scores_one_by_one(board, tally, below, list(candidates))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@given(
    st.integers(2, 9),
    st.integers(0, 400),
    st.integers(0, 1000),
    st.floats(0, 5),
    st.sampled_from([0, 5, 40]),
    st.data(),
)
def test_every_design_can_be_drawn_from_and_keeps_to_its_cap(
    players: int, votes: int, seed: int, spread: float, floor: float, data: st.DataObject
) -> None:
    tally = contest(players, votes, seed, spread)
    weights = np.array(data.draw(st.lists(st.sampled_from([0, 0.3, 1, 4]), min_size=players, max_size=players)))
    if np.count_nonzero(weights) < 2:
        weights[:2] = 1
    design = Design(floor=floor, explore=data.draw(st.sampled_from([0.1, 0.5, 1])), cap=3)
    below = data.draw(st.integers(0, players))
    found = pair_probabilities(fit(tally, apart=True), tally, below, weights=weights, design=design)
    assert_a_design(found)
    may = np.triu(np.outer(weights, weights), 1)
    assert np.array_equal(found > 0, may > 0)
    relative = exposure(found)[weights > 0] / exposure(may / may.sum())[weights > 0]
    assert relative.max() <= 3 * relative.min() * (1 + 1e-9)


def test_no_player_is_drawn_more_than_three_times_as_often_as_another() -> None:
    # Players 10 and 11 are level at the line, all others far from it.
    truth = np.append(np.full(10, 2.0), [0.0, 0.0])
    tally = Tally.empty(12)
    for i, j in combinations(range(12), 2):
        wins = round(100 / (1 + math.exp(truth[j] - truth[i])))
        tally.add(i, j, 0, wins)
        tally.add(i, j, 1, 100 - wins)
    found = pair_probabilities(fit(tally), tally, 1)
    assert exposure(found).max() == pytest.approx(3 * exposure(found).min())
    assert found.argmax() == 10 * 12 + 11
    assert found[10, 11] > 10 * found[0, 1]


def test_pairs_below_the_floor_come_first_whatever_the_verdicts() -> None:
    tally = contest(6, 300)
    met = tally.counts.sum(axis=2) + tally.counts.sum(axis=2).T
    design = Design(floor=float(met[0, 1]) + 4, cap=1e9)
    found = pair_probabilities(fit(tally), tally, 2, design=design)
    missing = np.triu(np.maximum(design.floor - met, 0), 1)
    np.testing.assert_allclose(found, np.triu(np.full((6, 6), 0.5 / 15), 1) + 0.5 * missing / missing.sum())
    turned = Tally.from_counts(tally.counts[:, :, [1, 0, 2, 3]])
    assert np.array_equal(pair_probabilities(fit(turned), turned, 2, design=design), found)


def test_without_votes_all_pairs_are_alike() -> None:
    nothing = Tally.empty(5)
    found = pair_probabilities(fit(nothing, apart=True), nothing, 1)
    np.testing.assert_allclose(found, uniform_probabilities(5), rtol=1e-12)


def test_a_newcomer_catches_up() -> None:
    tally = contest(8, 2_000).grown(9)
    found = pair_probabilities(fit(tally, apart=True), tally, 1)
    assert exposure(found)[8] == pytest.approx(3 * exposure(found)[:8].mean())


@pytest.mark.parametrize("below", [0, 5])
def test_where_no_line_divides_the_players_all_pairs_are_alike(below: int) -> None:
    tally = contest(5, 500)
    np.testing.assert_allclose(
        pair_probabilities(fit(tally), tally, below, design=AT_ONCE), uniform_probabilities(5), rtol=1e-12
    )


def test_a_settled_line_still_has_a_closest_gap() -> None:
    # So settled that exp(-z²/4) is 0 as a float for every pair.
    many = 10**7
    tally = Tally.from_counts(
        np.array([[[0, 0, 0, 0], [2, 1, 0, 0], [5, 1, 0, 0]], [[0] * 4, [0] * 4, [3, 1, 0, 0]], [[0] * 4] * 3]) * many
    )
    found = pair_probabilities(fit(tally), tally, 1, design=Design(explore=0.01, cap=1e6))
    assert_a_design(found)
    assert found[1, 2] > 0.6


def test_votes_that_are_all_ties_leave_no_variance_and_yet_a_design() -> None:
    tally = Tally.empty(4)
    for i, j in combinations(range(4), 2):
        tally.add(i, j, 2, 100)
    assert_a_design(pair_probabilities(fit(tally), tally, 2))


def test_who_cannot_be_drawn_never_is() -> None:
    tally = contest(6, 900)
    found = pair_probabilities(fit(tally), tally, 1, weights=[1, 1, 0, 1, 2, 1])
    assert exposure(found)[2] == 0
    assert (found > 0).sum() == 10
    apart = np.ones((6, 6))
    apart[4, 5] = apart[5, 4] = 0
    found = pair_probabilities(fit(tally), tally, 1, weights=apart)
    assert found[4, 5] == 0
    assert (found > 0).sum() == 14


def test_weights_go_by_the_product() -> None:
    found = uniform_probabilities(3, [1, 2, 3])
    np.testing.assert_allclose(found, np.array([[0, 2, 3], [0, 0, 6], [0, 0, 0]]) / 11)


def test_chatbot_arenas_rule_narrows_the_widest_interval() -> None:
    tally = Tally.empty(3)
    for (i, j), votes in {(0, 1): 99, (0, 2): 24, (1, 2): 3}.items():
        tally.add(i, j, 2, votes)
    found = arena_probabilities(fit(tally), tally)
    gain = {votes: 1 / math.sqrt(votes) - 1 / math.sqrt(votes + 1) for votes in (99, 24, 3)}
    expected = np.array([[0, gain[99], gain[24]], [0, 0, gain[3]], [0, 0, 0]]) / sum(gain.values())
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_chatbot_arenas_rule_begins_without_votes_and_passes_over_the_absent() -> None:
    found = arena_probabilities(fit(Tally.empty(4), apart=True), Tally.empty(4), weights=[1, 1, 0, 1])
    np.testing.assert_allclose(found[np.triu_indices(4, 1)], [1 / 3, 0, 1 / 3, 0, 1 / 3, 0])


def test_pairs_are_drawn_as_often_as_they_say() -> None:
    tally = contest(5, 500)
    probabilities = pair_probabilities(fit(tally), tally, 2, weights=[1, 1, 1, 0, 1], design=AT_ONCE)
    rng = np.random.default_rng(3)
    draws = [draw_pair(probabilities, rng) for _ in range(20_000)]
    seen = np.zeros((5, 5))
    for i, j, propensity in draws:
        assert i < j
        assert propensity == probabilities[i, j] > 0
        seen[i, j] += 1
    np.testing.assert_allclose(seen / 20_000, probabilities, atol=0.012)
    again = np.random.default_rng(3)
    assert [draw_pair(probabilities, again) for _ in range(50)] == draws[:50]


@pytest.mark.parametrize(
    "numbers", [{"floor": -1}, {"explore": 0}, {"explore": 1.1}, {"cap": 1}, {"prior": 0}, {"floor": math.nan}]
)
def test_a_design_that_cannot_be_is_refused(numbers: dict[str, float]) -> None:
    with pytest.raises(BadSetting, match="cannot be drawn from"):
        Design(**numbers)


@pytest.mark.parametrize(
    "settings",
    [
        {"below": -1},
        {"below": 5},
        {"below": 3, "among": [True, False, True, False]},
        {"below": 1, "among": [True, True]},
        {"below": 1, "among": [0, 1, 2, 3]},
        {"below": 1, "weights": [1, 1]},
        {"below": 1, "weights": [1, 1, -1, 1]},
        {"below": 1, "weights": [1, 1, math.nan, 1]},
        {"below": 1, "weights": np.arange(16).reshape(4, 4)},
    ],
)
def test_lines_candidates_and_weights_that_cannot_be_are_refused(settings: dict[str, Any]) -> None:
    tally = contest(4, 400)
    with pytest.raises(BadSetting):
        pair_probabilities(fit(tally), tally, design=AT_ONCE, **settings)


def test_votes_of_another_board_are_refused() -> None:
    with pytest.raises(BadSetting, match="5 players do not fit a board of 4"):
        pair_probabilities(fit(contest(4, 400)), contest(5, 400), 1)


@pytest.mark.parametrize("weights", [[0, 0, 0], [1, 0, 0], np.eye(3)])
def test_where_no_two_players_can_be_drawn_it_says_so(weights: Any) -> None:
    with pytest.raises(Empty, match="no two players"):
        uniform_probabilities(3, weights)


@pytest.mark.parametrize(
    "probabilities", [np.zeros((3, 3)), np.zeros((1, 1)), np.triu(np.ones((3, 3)), 1), np.array([[0, 2, -1.0]] * 3)]
)
def test_nothing_is_drawn_from_what_are_no_probabilities(probabilities: Floats) -> None:
    with pytest.raises(BadSetting, match="sum 1"):
        draw_pair(probabilities, np.random.default_rng(1))
