"""Ties as a verdict of their own: published likelihoods, an independent minimiser, and where the models end."""

import functools
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import kendalltau

from rating import Ballots, Disconnected, NotConverged, Outcome, Tally, bootstrap, fit
from rating.bradley_terry import solved
from rating.ties import davidson, davidson_verdicts, halved, objective, rao_kupper, rao_kupper_verdicts, slopes
from rating.totals import totals_of

A, B, TIE, BOTH_BAD = Outcome
Ties = Literal["davidson", "rao-kupper"]
MODELS: tuple[Ties, ...] = ("davidson", "rao-kupper")
VERDICTS = {"davidson": davidson_verdicts, "rao-kupper": rao_kupper_verdicts}
SOLVERS = {"davidson": davidson, "rao-kupper": rao_kupper}

Board = tuple[tuple[str, ...], Tally]


def random_tally(votes: int = 3000, players: int = 6, seed: int = 1) -> Tally:
    """Votes with a third of ties, in neither model."""
    random = np.random.default_rng(seed)
    truth = np.linspace(1, -1, players)
    first = random.integers(0, players, votes)
    second = (first + random.integers(1, players, votes)) % players
    p = 1 / (1 + np.exp(truth[second] - truth[first]))
    undecided = np.minimum(p, 1 - p) * 0.9
    drawn = random.random(votes)
    tally = Tally.empty(players)
    tally.add_many(first, second, np.where(drawn < p - undecided / 2, A, np.where(drawn < p + undecided / 2, TIE, B)))
    return tally


def loss_of(model: Ties, tally: Tally, prior: float, x: NDArray[np.float64]) -> float:
    """Minus the penalised log-likelihood as the papers print it, in worths π and the parameter of ties."""
    worth, tie = np.exp(x[:-1]), np.exp(x[-1])
    i, j = worth[:, None], worth[None, :]
    if model == "davidson":
        whole = i + j + tie * np.sqrt(i * j)
        first, second, neither = i / whole, j / whole, tie * np.sqrt(i * j) / whole
    else:
        first, second = i / (i + tie * j), j / (tie * i + j)
        neither = (tie**2 - 1) * i * j / ((i + tie * j) * (tie * i + j))
    seen = np.stack([first, second, neither, neither], axis=2)
    phantom = prior / 2 * (np.logaddexp(0, x[:-1]) + np.logaddexp(0, -x[:-1])).sum()
    return float(phantom - (tally.counts * np.log(seen)).sum())


@pytest.mark.parametrize(("ties", "published"), [("rao-kupper", 1.009483), ("davidson", 1.010007)])
def test_the_real_board_has_the_published_likelihoods(real_board: Board, ties: Ties, published: float) -> None:
    _, tally = real_board
    assert fit(tally, ties=ties, both_bad="drop").log_likelihood_per_vote == pytest.approx(-published, abs=1e-6)


def test_davidson_puts_the_real_board_in_the_order_of_half_points(real_board: Board) -> None:
    _, tally = real_board
    half, modelled = (fit(tally, prior=0, ties=ties).strengths for ties in ("half", "davidson"))
    assert kendalltau(half, modelled).statistic == 1.0
    # The prior of half a game turns one pair, who are a hundredth of an Elo point apart.
    half, modelled = (fit(tally, ties=ties).strengths for ties in ("half", "davidson"))
    assert kendalltau(half, modelled).statistic == pytest.approx(1 - 2 / (129 * 128 / 2))


@pytest.mark.parametrize("ties", MODELS)
@pytest.mark.parametrize("prior", [0.0, 0.5, 20.0])
def test_an_independent_minimiser_finds_the_same(ties: Ties, prior: float) -> None:
    tally = random_tally(300)
    fitted = fit(tally, ties=ties, prior=prior)
    assert fitted.tie is not None

    def loss(x: NDArray[np.float64]) -> float:
        # Without a prior only differences matter.
        return loss_of(ties, tally, prior, x) + (x[:-1].mean() ** 2 if prior == 0 else 0.0)

    found = minimize(loss, np.append(np.zeros(6), 0.5), method="BFGS", options={"gtol": 1e-6})
    # BFGS's differences know a minimum to half the digits.
    assert fitted.strengths == pytest.approx(found.x[:-1] - found.x[:-1].mean(), abs=2e-5)
    assert fitted.tie == pytest.approx(found.x[-1], abs=2e-5)
    # The prior leaves the mean free to move, and the printed likelihood says by how much.
    assert loss(found.x) == pytest.approx(loss_of(ties, tally, prior, found.x), abs=1e-6)
    assert fitted.log_likelihood == pytest.approx(-loss_of(ties, tally, 0, found.x), abs=1e-4)


@pytest.mark.parametrize("ties", MODELS)
def test_probabilities_sum_to_one_and_derivatives_are_those_of_small_steps(ties: Ties) -> None:
    model = VERDICTS[ties]
    gap = np.array([[0.0, 1.3], [-1.3, 0.0]])
    tie, step = 0.4, 1e-6
    at = model(gap, tie)
    np.testing.assert_allclose(np.exp(at.log_p).sum(axis=2), 1, rtol=1e-12)
    more, less = model(gap + step, tie), model(gap - step, tie)
    looser, tighter = model(gap, tie + step), model(gap, tie - step)
    for derivative, ahead, behind, of in (
        (at.by_gap, more, less, "log_p"),
        (at.by_tie, looser, tighter, "log_p"),
        (at.gap_gap, more, less, "by_gap"),
        (at.gap_tie, looser, tighter, "by_gap"),
        (at.tie_tie, looser, tighter, "by_tie"),
    ):
        small = (getattr(ahead, of) - getattr(behind, of)) / (2 * step)
        np.testing.assert_allclose(np.broadcast_to(derivative, small.shape), small, atol=1e-8)


@pytest.mark.parametrize("ties", MODELS)
def test_slopes_are_those_of_small_steps(ties: Ties) -> None:
    totals = totals_of(random_tally(400))
    verdicts = np.stack([totals.wins, totals.wins.T, totals.ties], axis=2)
    x = np.append(np.random.default_rng(8).normal(0, 0.5, 6), 0.7)

    def value(y: NDArray[np.float64]) -> float:
        return objective(VERDICTS[ties], verdicts, 1.5, y)

    def slope(y: NDArray[np.float64]) -> NDArray[np.float64]:
        return slopes(VERDICTS[ties], verdicts, 1.5, y)[0]

    gradient, curvature = slopes(VERDICTS[ties], verdicts, 1.5, x)
    steps = 1e-5 * np.eye(7)
    small = np.array([(value(x + step) - value(x - step)) / 2e-5 for step in steps])
    np.testing.assert_allclose(gradient, small, atol=1e-5)
    bent = np.array([(slope(x + step) - slope(x - step)) / 2e-5 for step in steps])
    np.testing.assert_allclose(curvature, -bent, atol=1e-5)


@given(st.integers(0, 1000), st.sampled_from([0.0, 0.5]))
def test_half_ties_solve_davidsons_equations(seed: int, prior: float) -> None:
    """At its maximum each player's points, ties ½, are the expected ones, and so are the ties of the whole board."""
    tally = random_tally(200, players=4, seed=seed)
    totals = totals_of(tally)
    maximum = davidson(totals, 0)
    assert maximum.tie is not None
    gap = maximum.strengths[:, None] - maximum.strengths
    p = np.exp(davidson_verdicts(gap, maximum.tie).log_p)
    met = totals.points + totals.points.T
    expected = met * (p[:, :, 0] + p[:, :, 2] / 2)
    np.testing.assert_allclose(expected.sum(axis=1), totals.points.sum(axis=1), atol=1e-8)
    assert (met * p[:, :, 2]).sum() == pytest.approx(totals.ties.sum())


@pytest.mark.parametrize("ties", MODELS)
def test_errors_are_those_of_draws(ties: Ties) -> None:
    tally = random_tally(6000)
    fitted, drawn = fit(tally, ties=ties), bootstrap(tally, draws=1000, rng=np.random.default_rng(3), ties=ties)
    ratios = np.sqrt(np.diagonal(fitted.covariance) / np.diagonal(drawn))
    assert np.median(ratios) == pytest.approx(1, abs=0.03)
    assert ratios == pytest.approx(np.ones(6), abs=0.07)


@pytest.mark.parametrize("ties", MODELS)
@pytest.mark.parametrize("by_voter", [False, True])
def test_the_sandwich_is_that_of_strengths_and_ties_together(ties: Ties, by_voter: bool) -> None:
    """On a board where ties and strengths go together: the best meets only the worst and never ties."""
    random = np.random.default_rng(6)
    first, second = np.repeat([0, 1, 2, 0], 300), np.repeat([3, 2, 3, 3], 300)
    outcome = np.concatenate([random.choice([A, A, A, B], 300), random.choice([A, B, TIE], 900)])
    outcome[900:] = np.where(outcome[900:] == TIE, A, outcome[900:])
    voter = random.integers(0, 1000, 1200)
    votes = Ballots.from_arrays(first, second, outcome, players=4, voter=voter)
    fitted = fit(votes, ties=ties, intervals="cluster" if by_voter else "sandwich")
    maximum = SOLVERS[ties](totals_of(votes), 0.5)
    x = np.append(maximum.strengths, maximum.tie)

    @functools.cache
    def slope(a: int, b: int, ended: int) -> NDArray[np.float64]:
        one = Tally.empty(4)
        one.add(a, b, ended)
        steps = 1e-5 * np.eye(5)
        return np.array([loss_of(ties, one, 0, x - step) - loss_of(ties, one, 0, x + step) for step in steps]) / 2e-5

    each = np.array([slope(int(a), int(b), int(c)) for a, b, c in zip(first, second, outcome, strict=True)])
    number = len(np.unique(voter))
    if by_voter:
        each = np.array([np.bincount(voter, column) for column in each.T]).T * np.sqrt(number / (number - 1))
    inverse = solved(maximum.curvature, np.eye(5))[:4]
    inverse -= inverse.mean(axis=0)
    np.testing.assert_allclose(fitted.covariance, inverse @ each.T @ each @ inverse.T, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("ties", MODELS)
def test_fishers_errors_are_those_of_the_whole_model(ties: Ties) -> None:
    maximum = SOLVERS[ties](totals_of(random_tally()), 0.5)
    inverse = solved(maximum.curvature, np.eye(7))[:6, :6]
    about = np.eye(6) - 1 / 6
    fitted = fit(random_tally(), ties=ties, intervals="fisher")
    np.testing.assert_allclose(fitted.covariance, about @ inverse @ about, atol=1e-12)


@pytest.mark.parametrize("ties", MODELS)
def test_voters_are_clustered_there_too(ties: Ties) -> None:
    """Everyone votes four times in a row: the errors double, those of the parameter of ties along with them."""
    random = np.random.default_rng(12)
    first = np.repeat(random.integers(0, 3, 900), 4)
    second = (first + np.repeat(random.integers(1, 3, 900), 4)) % 3
    outcome = np.repeat(random.choice([A, B, TIE, BOTH_BAD], 900), 4)
    votes = Ballots.from_arrays(first, second, outcome, players=3, voter=np.repeat(np.arange(900), 4))
    clustered, by_vote = fit(votes, ties=ties), fit(votes, ties=ties, intervals="sandwich")
    assert clustered.standard_errors() == pytest.approx(2 * by_vote.standard_errors() * np.sqrt(900 / 899))


@pytest.mark.parametrize("ties", MODELS)
def test_without_ties_both_models_are_bradley_terrys(ties: Ties) -> None:
    tally = random_tally()
    tally.counts[:, :, TIE] = 0
    modelled, plain = fit(tally, ties=ties), fit(tally)
    assert modelled.tie is None
    assert np.array_equal(modelled.strengths, plain.strengths)
    assert np.array_equal(modelled.covariance, plain.covariance)


@pytest.mark.parametrize("ties", MODELS)
def test_a_board_of_ties_alone_has_no_finite_parameter(ties: Ties) -> None:
    tally = Tally.empty(2)
    tally.add(0, 1, TIE, 5)
    with pytest.raises(NotConverged, match="all votes are ties"):
        fit(tally, ties=ties)


def test_a_step_too_far_is_halved() -> None:
    totals = totals_of(random_tally(400))
    verdicts = np.stack([totals.wins, totals.wins.T, totals.ties], axis=2)
    # Rao and Kupper's parameter is positive: from .5, only the third half of -2 arrives at one.
    x, step = np.append(np.zeros(6), 0.5), np.append(np.zeros(6), -2.0)
    taken, ahead = halved(rao_kupper_verdicts, verdicts, 0.5, x, step, -1e6)
    assert taken[-1] == -0.25
    assert ahead == objective(rao_kupper_verdicts, verdicts, 0.5, x + taken)


def test_an_endless_search_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rating.ties.MOST_STEPS", 1)
    with pytest.raises(NotConverged, match="within 1 steps"):
        fit(random_tally(), ties="davidson")


def test_gaps_and_ties_that_grow_together_without_end_are_refused() -> None:
    # All ties are between equals and all wins between the others: the likelihood has no finite maximum, and a
    # thousandth of a game against a hundred thousand votes is far too little to make any processor's floats find one.
    tally = Tally.empty(4)
    for first, second, outcome, count in ((1, 2, TIE, 50), (2, 1, A, 1), (3, 0, TIE, 100_000), (3, 1, A, 101_000)):
        tally.add(first, second, outcome, count)
    with pytest.raises(NotConverged):
        fit(tally, ties="davidson", prior=0.002)


@pytest.mark.parametrize("ties", MODELS)
def test_infinite_strengths_and_groups_apart_are_refused_without_a_prior(ties: Ties) -> None:
    tally = Tally.empty(3)
    tally.add(0, 1, A, 3)
    tally.add(1, 2, TIE, 3)
    with pytest.raises(NotConverged, match="prior above 0"):
        fit(tally, ties=ties, prior=0)
    assert np.isfinite(fit(tally, ties=ties).covariance).all()
    with pytest.raises(Disconnected):
        fit(tally.grown(4), ties=ties)
    apart = fit(tally.grown(4), ties=ties, apart=True)
    assert np.isfinite(apart.ratings()).all()


@pytest.mark.parametrize("ties", MODELS)
@given(cells=st.lists(st.integers(0, 3), min_size=36, max_size=36), prior=st.sampled_from([0.01, 0.5]))
def test_any_board_with_a_win_and_a_tie_has_finite_ratings(ties: Ties, cells: list[int], prior: float) -> None:
    counts = np.array(cells, dtype=np.int64).reshape(3, 3, 4)
    counts[np.arange(3), np.arange(3)] = 0
    counts[0, 1, A] += 1
    counts[1, 2, TIE] += 1
    board = fit(Tally.from_counts(counts), ties=ties, prior=prior)
    assert np.isfinite(board.ratings()).all()
    assert np.isfinite(board.covariance).all()
    assert board.tie is not None
    assert np.isfinite(board.tie)


@pytest.mark.parametrize("ties", MODELS)
def test_weights_and_dropped_verdicts_count_as_they_say(ties: Any) -> None:
    first, second, outcome = [0, 0, 1, 1, 0], [1, 1, 0, 0, 1], [A, TIE, A, TIE, BOTH_BAD]
    weighted = Ballots.from_arrays(first, second, outcome, players=2, weight=[3, 1, 1, 1, 7])
    plain = Tally.empty(2)
    for a, b, ended, count in ((0, 1, A, 3), (0, 1, TIE, 1), (1, 0, A, 1), (1, 0, TIE, 1)):
        plain.add(a, b, ended, count)
    one, other = fit(weighted, ties=ties, both_bad="drop"), fit(plain, ties=ties)
    assert one.strengths == pytest.approx(other.strengths, abs=1e-9)
    assert one.tie == pytest.approx(other.tie)
    assert other.votes.tolist() == one.votes.tolist() == [6, 6]
