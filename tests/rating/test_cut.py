"""The probability of falling below the line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from rating import BadSetting, Tally, cut, cut_probabilities, fit
from rating.cut import likely_errors, lowest, posterior_draws
from tests.rating.test_bradley_terry import tallies
from tests.rating.test_ranks import drawn_board, made


@given(tallies(least=2), st.data())
def test_probabilities_make_exactly_the_number_of_those_who_go(tally: Tally, data: st.DataObject) -> None:
    below = data.draw(st.integers(1, tally.players - 1))
    probabilities = cut_probabilities(fit(tally, apart=True), below)
    assert probabilities.sum() == pytest.approx(below, abs=1e-12)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()


@given(st.integers(0, 10**6))
def test_renaming_players_renames_their_probabilities(seed: int) -> None:
    random = np.random.default_rng(seed)
    tally = drawn_board(random.normal(0, 0.5, 6), 300, random)
    order = random.permutation(6)
    renamed = cut_probabilities(fit(Tally(tally.counts[np.ix_(order, order)])), 2)
    assert renamed == pytest.approx(cut_probabilities(fit(tally), 2)[order], abs=2e-3)


def test_an_anchor_changes_no_probability() -> None:
    random = np.random.default_rng(1)
    board = fit(drawn_board(random.normal(0, 0.3, 8), 800, random))
    among = np.arange(8) != 3
    for mask in (None, among):
        free = cut_probabilities(board, 2, among=mask)
        assert cut_probabilities(board.anchored(3), 2, among=mask) == pytest.approx(free, abs=2e-3)


def test_references_neither_fall_nor_count() -> None:
    board = made([-9.0, 2.0, 1.0, 0.5], np.eye(4) * 1e-6)
    among = np.array([False, True, True, True])
    assert cut_probabilities(board, 2, among=among).tolist() == [0, 0, 1, 1]


def test_two_players_fall_by_the_integral_over_all_spreads() -> None:
    gap, variance = 0.3, 0.04
    # Along (1, −1)/√2, the one direction there is, the estimate is gap/√2 with the variance ½ Var(gap).
    seen, noise = gap / np.sqrt(2), variance / 2
    wide = 3 * np.sqrt(seen**2 + noise)

    def weight(spread: float) -> float:
        return float(norm.pdf(seen, 0, np.sqrt(spread**2 + noise)) / (1 + (spread / wide) ** 2))

    def weighed(spread: float) -> float:
        kept = spread**2 / (spread**2 + noise)
        return weight(spread) * float(norm.cdf(kept * seen / np.sqrt(kept * noise)))

    expected = quad(weighed, 0, 100 * wide, points=[wide], limit=200)[0] / quad(weight, 0, 100 * wide, points=[wide])[0]
    found = cut_probabilities(made([gap, 0], [[variance, 0], [0, 0]]), 1, draws=200_000)
    assert found[1] == pytest.approx(expected, abs=0.004)
    assert found[1] < norm.cdf(gap / np.sqrt(variance))  # drawn towards each other


def test_a_known_spread_gives_the_posterior_of_the_textbook(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)
    root = random.normal(0, 1, (4, 4))
    centre = np.eye(4) - 1 / 4
    covariance = centre @ root @ root.T @ centre
    means = np.array([1.0, 0.5, -0.2, -1.3])
    monkeypatch.setattr(cut, "SPREADS", np.array([0.6]))
    values = posterior_draws(means, covariance, 100_000, random)
    tau = 0.6 * np.sqrt((means @ means + np.trace(covariance)) / 3)
    inverse = np.linalg.pinv(covariance)
    posterior = centre @ np.linalg.inv(inverse + np.eye(4) / tau**2) @ centre
    assert values.mean(axis=0) == pytest.approx(posterior @ inverse @ means, abs=1e-9)
    assert np.cov(values.T) == pytest.approx(posterior, abs=0.01)


def test_nothing_but_noise_leaves_everyone_nearly_alike() -> None:
    probabilities = cut_probabilities(made([0.02, 0.01, 0.0, -0.01, -0.02], np.eye(5)), 1)
    assert probabilities == pytest.approx(np.full(5, 0.2), abs=0.03)


def test_a_board_without_votes_gives_everyone_the_same_chance() -> None:
    assert cut_probabilities(fit(Tally.empty(4), apart=True), 1) == pytest.approx(np.full(4, 0.25), abs=0.02)


def test_exact_equals_draw_lots_and_a_known_gap_does_not() -> None:
    probabilities = lowest(np.array([5.0, 3.0, 3.0, 3.0, 1.0]), np.zeros((5, 5)), 2)
    assert probabilities[[0, 4]].tolist() == [0, 1]
    assert probabilities[1:4] == pytest.approx(np.full(3, 1 / 3), abs=0.03)
    assert lowest(np.zeros(2), np.zeros((2, 2)), 1) == pytest.approx([0.5, 0.5], abs=0.03)


def test_points_of_any_unit_fall_alike() -> None:
    random = np.random.default_rng(3)
    means, covariance = random.normal(0, 1, 6), np.diag(random.uniform(0.1, 1, 6))
    assert np.array_equal(lowest(means, covariance, 2), lowest(means * 1024 + 1024, covariance * 1024**2, 2))


def test_the_same_board_has_the_same_probabilities_and_another_generator_has_not() -> None:
    board = made([0.3, 0.2, 0.1, 0.0], np.eye(4) * 0.01)
    assert np.array_equal(cut_probabilities(board, 1), cut_probabilities(board, 1))
    assert not np.array_equal(cut_probabilities(board, 1), cut_probabilities(board, 1, rng=np.random.default_rng(1)))
    assert (cut_probabilities(board, 1, draws=7) * 8 % 1 == 0).all()  # in pairs


@pytest.mark.parametrize("below", [-1, 0, 3, 4])
def test_a_cut_that_spares_nobody_or_everybody_is_refused(below: int) -> None:
    board = made([2.0, 1.0, 0.0, -1.0], np.eye(4))
    with pytest.raises(BadSetting, match="a cut of 3 players"):
        cut_probabilities(board, below, among=np.array([True, True, True, False]))


def test_too_few_candidates_or_draws_are_refused() -> None:
    board = made([1.0, 0.0], np.eye(2))
    for chosen in (0, 1):
        with pytest.raises(BadSetting):
            cut_probabilities(board, 1, among=np.arange(2) < chosen)
    with pytest.raises(BadSetting, match="at least 2 draws"):
        cut_probabilities(board, 1, draws=1)


def test_probabilities_are_as_often_right_as_they_say() -> None:
    """500 boards of 12 players of whom 3 fall; in each fifth of the scale the share that truly fell."""
    random = np.random.default_rng(20240814)
    said, fell = [], []
    for _ in range(500):
        truth = random.normal(0, 0.3, 12)
        said.append(cut_probabilities(fit(drawn_board(truth, 1200, random)), 3, draws=1000))
        fell.append(np.argsort(np.argsort(truth)) < 3)
    p, true = np.concatenate(said), np.concatenate(fell)
    fifths = np.minimum((p * 5).astype(int), 4)
    for fifth in range(5):
        assert p[fifths == fifth].mean() == pytest.approx(true[fifths == fifth].mean(), abs=0.05)


def test_chances_are_those_that_come_true_on_few_votes_as_well() -> None:
    """500 boards of 12 players with 15 votes each, of whom 3 fall."""
    random = np.random.default_rng(3)
    chances, fell = [], []
    for _ in range(500):
        truth = random.normal(0, 0.6, 12)
        chances.append(cut_probabilities(fit(drawn_board(truth, 90, random), apart=True), 3, draws=500))
        fell.append(np.argsort(np.argsort(truth)) < 3)
    probable = (np.array(chances) > 0.5) & (np.array(chances) < 0.9)
    # With the curvature at the estimates, .08 more fall than should.
    assert np.mean(np.array(fell)[probable]) == pytest.approx(np.mean(np.array(chances)[probable]), abs=0.04)


def test_errors_shrink_where_estimates_lie_further_apart_than_the_truth() -> None:
    level = np.array([[0.75, -0.25], [-0.25, 0.75]])
    close, apart = (likely_errors(np.array([gap, -gap]) / 2, level) for gap in (0.0, 3.0))
    assert close == pytest.approx(np.array([[0.5, -0.5], [-0.5, 0.5]]))
    # Gap 3: spread 4.5 − 1 = 3.5, kept 3.5/4.5, so that the gap likely is 7/3.
    told = [1 / (2 + np.exp(gap) + np.exp(-gap)) for gap in (3, 7 / 3)]
    assert apart == pytest.approx(close * told[0] / told[1])
    assert likely_errors(np.zeros(1), np.ones((1, 1))).tolist() == [[0]]
