"""Style control: an independent solver, what it takes out of a board, and what it cannot control for."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import root

from rating import (
    BadFeatures,
    BadSetting,
    Ballots,
    Disconnected,
    NotConverged,
    Outcome,
    Tally,
    fit,
    fit_contextual,
    style_features,
)
from rating.fitting import ELO_PER_NAT

A, B, TIE, BOTH_BAD = Outcome
PLAYERS = 6
BETA = np.array([0.7, -0.3, 0.0])  # nats per standard deviation
SPREAD = np.array([0.3, 0.05, 10.0])


def simulated(votes: int = 3000, *, voters: int = 400, seed: int = 3) -> Ballots:
    """Six players of whom the weaker write the longer answers, which voters like; some verdicts are undecided."""
    random = np.random.default_rng(seed)
    truth = np.linspace(-1, 1, PLAYERS)
    first = random.integers(0, PLAYERS, votes)
    second = (first + random.integers(1, PLAYERS, votes)) % PLAYERS
    x = random.normal(0, 1, (votes, 3))
    x[:, 0] += 0.8 * (truth[second] - truth[first])
    p = 1 / (1 + np.exp(truth[second] - truth[first] - x @ BETA))
    undecided = 0.5 * np.minimum(p, 1 - p)
    drawn = random.random(votes)
    outcome = np.where(drawn < p - undecided / 2, A, np.where(drawn < p + undecided / 2, TIE, B))
    outcome[:: votes // 40] = BOTH_BAD
    return Ballots.from_arrays(
        first,
        second,
        outcome,
        players=PLAYERS,
        voter=random.integers(0, voters, votes),
        weight=random.choice([0.0, 0.5, 1.0, 2.0], votes),
        features=x * SPREAD,
    )


def changed(votes: Ballots, **columns: Any) -> Ballots:
    """The same votes with other columns."""
    names = ("first", "second", "outcome", "voter", "weight", "features")
    return Ballots.from_arrays(**{name: getattr(votes, name) for name in names} | columns, players=votes.players)


def by_rows(votes: Ballots, scales: NDArray[np.float64]) -> Any:
    """(z, y, w): the rows of a logistic regression that says the same."""
    assert votes.features is not None
    indicator = np.eye(votes.players)
    z = np.hstack([indicator[votes.first] - indicator[votes.second], votes.features / scales])
    return z, np.array([1, 0, 0.5, 0.5])[votes.outcome], votes.weight


def assert_same_boards(one: Any, other: Any) -> None:
    """To a hundred thousandth of an Elo point, the coefficients to the tenth digit."""
    np.testing.assert_allclose(one.controlled.ratings(), other.controlled.ratings(), atol=1e-5)
    np.testing.assert_allclose(one.controlled.covariance, other.controlled.covariance, atol=1e-10)
    np.testing.assert_allclose(one.covariance, other.covariance, atol=1e-10)


@pytest.mark.parametrize(("prior", "ridge"), [(0.5, 1.0), (0.0, 0.0), (3.0, 40.0)])
def test_an_independent_solver_finds_the_same_strengths_and_coefficients(prior: float, ridge: float) -> None:
    votes = simulated()
    fitted = fit_contextual(votes, prior=prior, ridge=ridge)
    z, y, w = by_rows(votes, fitted.scales)

    def slope(x: NDArray[np.float64]) -> NDArray[np.float64]:
        strengths, style = x[:PLAYERS], x[PLAYERS:]
        pull = prior * (0.5 - 1 / (1 + np.exp(-strengths)))
        # Without a prior, the mean is anybody's choice.
        pull -= strengths.mean() if prior == 0 else 0.0
        return z.T @ (w * (y - 1 / (1 + np.exp(-z @ x)))) + np.append(pull, -ridge * style)

    found = root(slope, np.zeros(PLAYERS + 3), tol=1e-13).x
    ratings = 1000 + ELO_PER_NAT * (found[:PLAYERS] - found[:PLAYERS].mean())
    np.testing.assert_allclose(fitted.controlled.ratings(), ratings, atol=1e-6)
    np.testing.assert_allclose(fitted.coefficients, found[PLAYERS:], atol=1e-9)
    gap = z @ found
    assert fitted.controlled.log_likelihood == pytest.approx(w @ (y * gap - np.log1p(np.exp(gap))))
    assert np.array_equal(fitted.raw.strengths, fit(votes, prior=prior).strengths)


@pytest.mark.parametrize("intervals", ["fisher", "sandwich", "cluster"])
def test_covariances_are_those_of_all_parameters_together(intervals: Any) -> None:
    votes = simulated(12_000, voters=1500)
    fitted = fit_contextual(votes, prior=0, ridge=2.0, intervals=intervals)
    z, y, w = by_rows(votes, fitted.scales)
    gap = z @ np.append(fitted.controlled.strengths, fitted.coefficients)
    p = 1 / (1 + np.exp(-gap))
    curvature = (z * (w * p * (1 - p))[:, None]).T @ z + np.diag([0.0] * PLAYERS + [2.0] * 3)
    inverse = np.linalg.pinv(curvature)  # strengths about their mean
    each = z * (w * (y - p))[:, None]
    number = len(np.unique(votes.voter))
    summed = np.array([np.bincount(votes.voter, column) for column in each.T]).T * np.sqrt(number / (number - 1))
    sandwich = {
        "fisher": inverse,
        "sandwich": inverse @ each.T @ each @ inverse,
        "cluster": inverse @ summed.T @ summed @ inverse,
    }[intervals]
    errors = ELO_PER_NAT * np.sqrt(np.diagonal(sandwich)[:PLAYERS])
    if intervals != "fisher":
        errors = np.maximum(errors, fitted.raw.standard_errors())
    assert fitted.controlled.standard_errors() == pytest.approx(errors, rel=1e-6)
    assert np.abs(fitted.controlled.covariance - sandwich[:PLAYERS, :PLAYERS]).max() < 0.1 * np.abs(sandwich).max()
    assert (fitted.standard_errors() >= 0.999999 * np.sqrt(np.diagonal(sandwich)[PLAYERS:])).all()
    assert fitted.standard_errors() == pytest.approx(np.sqrt(np.diagonal(sandwich)[PLAYERS:]), rel=0.05)


def test_errors_are_those_of_votes_drawn_again() -> None:
    votes = changed(simulated(4000), voter=None)
    fitted = fit_contextual(votes)
    random = np.random.default_rng(11)
    again = [fit_contextual(votes.where(random.integers(0, len(votes), len(votes)))) for _ in range(300)]
    strengths = np.std([each.controlled.strengths for each in again], axis=0)
    style = np.std([each.coefficients * fitted.scales / each.scales for each in again], axis=0)
    ratios = np.append(fitted.controlled.standard_errors() / ELO_PER_NAT / strengths, fitted.standard_errors() / style)
    assert np.median(ratios) == pytest.approx(1, abs=0.05)
    assert ratios == pytest.approx(np.ones(PLAYERS + 3), abs=0.15)


def test_the_truth_behind_style_comes_out() -> None:
    fitted = fit_contextual(changed(simulated(40_000), weight=None))
    # What a tie is worth flattens everything a little.
    shrunk = fitted.coefficients[0] / BETA[0] / (fitted.scales[0] / SPREAD[0])
    truth = shrunk * np.linspace(-1, 1, PLAYERS)
    assert np.abs(fitted.controlled.strengths - truth).max() < 0.05
    assert np.abs(fitted.raw.strengths - truth).max() > 0.3
    assert abs(fitted.coefficients[2]) < 3 * fitted.standard_errors()[2]


def test_who_wins_by_length_alone_falls_once_length_is_controlled() -> None:
    random = np.random.default_rng(5)
    first = random.integers(0, 3, 6000)
    second = (first + random.integers(1, 3, 6000)) % 3
    lengths = np.exp(random.normal(0, 1, (6000, 2)))
    lengths[first == 0, 0] *= 3  # player 0 writes three times as much
    lengths[second == 0, 1] *= 3
    x = style_features(lengths[:, :1], lengths[:, 1:])
    outcome = (random.random(6000) > 1 / (1 + np.exp(-2 * x[:, 0]))).astype(int)
    fitted = fit_contextual(Ballots.from_arrays(first, second, outcome, players=3, features=x))
    assert fitted.raw.ranks()[0] == 1
    assert fitted.raw.ratings()[0] > 1050
    low, high = fitted.controlled.intervals()
    assert low[0] < 1000 < high[0]
    odds, low_odds, high_odds = fitted.odds()
    assert low_odds[0] < np.exp(2 * fitted.scales[0]) < high_odds[0]
    assert odds == pytest.approx(np.exp(fitted.coefficients))


def test_the_side_of_every_other_vote_does_not_matter() -> None:
    votes = simulated()
    assert votes.features is not None
    other = np.arange(len(votes)) % 2 == 1
    mirrored = changed(
        votes,
        first=np.where(other, votes.second, votes.first),
        second=np.where(other, votes.first, votes.second),
        outcome=np.where(other, np.array([B, A, TIE, BOTH_BAD])[votes.outcome], votes.outcome),
        features=np.where(other[:, None], -votes.features, votes.features),
    )
    assert_same_boards(fit_contextual(mirrored), fit_contextual(votes))
    # Unless the question is what a side is worth.
    assert fit_contextual(mirrored, side=True).coefficients[3] != fit_contextual(votes, side=True).coefficients[3]


def test_the_unit_of_a_feature_does_not_matter() -> None:
    votes = simulated()
    assert votes.features is not None
    plain = fit_contextual(votes)
    huge = fit_contextual(changed(votes, features=votes.features * np.array([1e200, 1e-200, -1.0])))
    assert huge.coefficients == pytest.approx(plain.coefficients * [1, 1, -1])
    np.testing.assert_allclose(huge.controlled.covariance, plain.controlled.covariance, atol=1e-10)


def test_a_vote_of_weight_two_counts_as_two_votes() -> None:
    votes = simulated()
    assert votes.weight is not None
    whole = changed(votes, weight=np.ceil(votes.weight))
    assert whole.weight is not None
    repeated = changed(whole.where(np.repeat(np.arange(len(votes)), whole.weight.astype(int))), weight=None)
    heavy, often = (fit_contextual(each, intervals="fisher") for each in (whole, repeated))
    assert_same_boards(heavy, often)
    assert heavy.scales == pytest.approx(often.scales)


def test_dropped_verdicts_are_as_if_never_given() -> None:
    votes = simulated()
    assert_same_boards(fit_contextual(votes, both_bad="drop"), fit_contextual(votes.where(votes.outcome != BOTH_BAD)))


def test_without_style_the_controlled_board_is_the_raw_one() -> None:
    votes = changed(simulated(), features=np.random.default_rng(1).normal(0, 1, (3000, 1)))
    fitted = fit_contextual(votes, ridge=1e9)
    np.testing.assert_allclose(fitted.controlled.ratings(), fitted.raw.ratings(), atol=1e-4)
    np.testing.assert_allclose(fitted.controlled.standard_errors(), fitted.raw.standard_errors(), rtol=1e-4)
    assert abs(fitted.coefficients[0]) < 1e-6


def test_the_left_side_of_llmfao_is_worth_what_it_is_known_to_be(llmfao: Ballots) -> None:
    fitted = fit_contextual(llmfao, side=True, prior=0, ridge=0)
    assert fitted.coefficients == pytest.approx([0.0909], abs=5e-5)
    assert fitted.scales.tolist() == [1.0]


def test_the_counts_of_a_tally_say_what_a_side_is_worth() -> None:
    votes = changed(simulated(), features=None, voter=None, weight=None)
    by_vote, counted = fit_contextual(votes, side=True), fit_contextual(votes.tally(), side=True)
    assert_same_boards(by_vote, counted)
    # By hand, for two players who are alike: 30 of 50 for the first side, whoever is on it.
    alike = Tally.empty(2)
    for first, second, outcome, count in ((0, 1, A, 15), (1, 0, A, 15), (0, 1, B, 10), (1, 0, B, 10)):
        alike.add(first, second, outcome, count)
    assert fit_contextual(alike, side=True, ridge=0).coefficients == pytest.approx([np.log(30 / 20)])


def foretold(votes: int = 40) -> Ballots:
    """Two players; always the first answer is the longer, or always the shorter, and the longer wins."""
    outcome = np.arange(votes) % 2
    first = (np.arange(votes) // 2) % 2
    return Ballots.from_arrays(first, 1 - first, outcome, players=2, features=1.0 - 2 * outcome[:, None])


def test_a_feature_that_foretells_every_vote_stays_finite_and_is_wide() -> None:
    fitted = fit_contextual(foretold())
    assert 1 < fitted.coefficients[0] < 5
    assert fitted.standard_errors()[0] > 0.4  # the sandwich alone: .13
    with pytest.raises(NotConverged, match="ridge above 0"):
        fit_contextual(foretold(), ridge=0)


def test_one_upset_that_style_explains_does_not_set_the_search_swinging() -> None:
    # Its feature is 31 standard deviations from 0: a whole step goes from one certainty to the other and back.
    outcome, x = np.zeros(1000, dtype=int), np.zeros((1000, 1))
    outcome[0], x[0] = B, -1
    votes = Ballots.from_arrays(np.zeros(1000, dtype=int), np.ones(1000, dtype=int), outcome, players=2, features=x)
    fitted = fit_contextual(votes)
    assert 0.1 < fitted.coefficients[0] < 1
    assert fitted.controlled.strengths[0] > fitted.raw.strengths[0]


def test_few_votes_leave_a_controlled_rating_as_wide_as_a_raw_one() -> None:
    fitted = fit_contextual(simulated(40))
    assert (fitted.controlled.standard_errors() >= fitted.raw.standard_errors() * (1 - 1e-9)).all()
    assert np.isfinite(fitted.controlled.covariance).all()
    assert np.linalg.eigvalsh(fitted.controlled.covariance).min() > -1e-9


def test_style_features_are_differences_over_sums() -> None:
    first, second = [[300, 0, 5, 1e308]], [[100, 0, 0, 1e308]]
    assert style_features(first, second).tolist() == [[0.5, 0.0, 1.0, 0.0]]
    assert np.array_equal(style_features(second, first), -style_features(first, second))
    assert style_features(np.empty((0, 4)), np.empty((0, 4))).shape == (0, 4)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ([[1.0], [2.0]], [[1.0]], "are not of the same votes"),
        ([[1.0], [-1.0]], [[1.0], [1.0]], "vote 1: an answer cannot have less than nothing"),
        ([[1.0], [float("nan")]], [[1.0], [1.0]], "vote 1: its features"),
        ([1.0], [1.0], "must have the shape"),
        (1.0, 1.0, "must have the shape"),
    ],
)
def test_what_is_no_measure_of_style_is_refused(first: Any, second: Any, words: str) -> None:
    with pytest.raises(BadFeatures, match=words):
        style_features(first, second)


def test_features_that_tell_nothing_or_the_same_twice_are_refused() -> None:
    votes = simulated()
    assert votes.features is not None
    x, of_player = votes.features, np.arange(PLAYERS, dtype=float)
    unseen = np.where(votes.weight == 0, 1.0, 0.0)
    for features, side, words in (
        (x[:, :2] * [1, 0], False, "feature 1 is 0 in every vote and"),
        (np.stack([x[:, 0], unseen], axis=1), False, "feature 1 is 0 in every vote of weight"),
        (x[:, [0, 1, 0]] + x[:, [2, 2, 2]] * [1, 0, 1], False, "of the features 0, 2 one follows"),
        (
            np.stack([x[:, 0], of_player[votes.first] - of_player[votes.second]], axis=1),
            False,
            "features 1 one follows",
        ),
        (np.full((3000, 1), 7.0), True, "of the features 0, 1 one follows"),
        (None, False, "no features"),
    ):
        with pytest.raises(BadFeatures, match=words):
            fit_contextual(changed(votes, features=features), side=side)


def test_other_refusals_are_those_of_a_fit() -> None:
    for ridge in (-1.0, float("nan"), float("inf")):
        with pytest.raises(BadSetting, match="ridge"):
            fit_contextual(simulated(), ridge=ridge)
    with pytest.raises(BadSetting, match="intervals"):
        fit_contextual(simulated(), intervals="guess")  # type: ignore[arg-type]
    with pytest.raises(Disconnected):
        fit_contextual(Tally.empty(2), side=True)
    with pytest.raises(BadFeatures):
        fit_contextual(Tally.empty(1), side=True)
    with pytest.raises(BadSetting):
        fit_contextual(simulated()).odds(level=1)
