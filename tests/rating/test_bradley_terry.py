"""Bradley-Terry ratings: properties, hard boards and an independent solver."""

import functools
from random import Random
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize, root

from rating import BadSetting, Disconnected, Empty, NotConverged, Outcome, Tally, fit
from rating.covariance import FEW_VOTES
from rating.fitting import ELO_PER_NAT
from rating.tally import Counts

A, B, TIE, BOTH_BAD = Outcome

rated = functools.partial(fit, apart=True)  # any board, also of players who never met


def board(n: int, *votes: tuple[int, int, int, int]) -> Tally:
    """A tally of n players from (first, second, outcome, count)."""
    tally = Tally.empty(n)
    for first, second, outcome, count in votes:
        tally.add(first, second, outcome, count)
    return tally


def swapped(counts: Counts) -> Counts:
    """The same votes with the sides, and with them A and B, exchanged."""
    return counts.transpose(1, 0, 2)[:, :, [1, 0, 2, 3]]


@st.composite
def tallies(draw: st.DrawFn, *, least: int = 1, everyone_lost: bool = False) -> Tally:
    """Any board of up to 7 players, half of its counts 0; or one on which everyone lost to everyone."""
    n = draw(st.integers(least, 7))
    cells = draw(st.lists(st.integers(0, 9), min_size=n * n * 4, max_size=n * n * 4))
    counts = np.array(cells, dtype=np.int64).reshape(n, n, 4)
    counts[counts < 5] = 0
    if everyone_lost:
        counts[:, :, 0] += 1
    counts[np.arange(n), np.arange(n)] = 0
    return Tally.from_counts(counts)


def independent_ratings(tally: Tally, prior: float) -> NDArray[np.float64]:
    """Elo ratings by scipy's general minimiser and root finder; the phantom is a player of its own."""
    n = tally.players
    kinds = [
        (i, j, weight * tally.counts[i, j, outcome])
        for i, j in np.ndindex(n, n)
        for outcome, weight in ((A, 1.0), (TIE, 0.5), (BOTH_BAD, 0.5))
    ]
    kinds += [
        (j, i, weight * tally.counts[i, j, outcome])
        for i, j in np.ndindex(n, n)
        for outcome, weight in ((B, 1.0), (TIE, 0.5), (BOTH_BAD, 0.5))
    ]
    # It is player n, whose strength stays 0.
    kinds += [pair for i in range(n) for pair in ((i, n, prior / 2), (n, i, prior / 2))]
    kinds = [kind for kind in kinds if kind[2]]
    winner = np.array([kind[0] for kind in kinds], dtype=int)
    loser = np.array([kind[1] for kind in kinds], dtype=int)
    weight = np.array([kind[2] for kind in kinds], dtype=float)

    def loss(theta: NDArray[np.float64]) -> tuple[float, Any]:
        strengths = np.append(theta, 0.0)
        gap = strengths[winner] - strengths[loser]
        slope = -weight / (1 + np.exp(gap))
        gradient = np.bincount(winner, slope, n + 1) - np.bincount(loser, slope, n + 1)
        return float(weight @ np.log1p(np.exp(-gap))), gradient[:n]

    def slope_of_loss(theta: NDArray[np.float64]) -> Any:
        return loss(theta)[1]

    def curvature(theta: NDArray[np.float64]) -> Any:
        strengths = np.append(theta, 0.0)
        p = 1 / (1 + np.exp(strengths[loser] - strengths[winner]))
        flat = np.bincount(winner * (n + 1) + loser, weight * p * (1 - p), (n + 1) ** 2)
        met = flat.reshape(n + 1, n + 1) + flat.reshape(n + 1, n + 1).T
        return (np.diag(met.sum(axis=0)) - met)[:n, :n]

    near = minimize(loss, np.zeros(n), jac=True, hess=curvature, method="trust-exact")
    # A minimum is flat: its place is known to half the digits of the loss, but to all those of the gradient.
    found = root(slope_of_loss, near.x, jac=curvature, tol=1e-14)
    ratings: NDArray[np.float64] = 1000 + 400 / np.log(10) * (found.x - found.x.mean())
    return ratings


@given(tallies(), st.sampled_from([0.1, 0.5, 2.0]))
def test_an_independent_solver_finds_the_same_ratings(tally: Tally, prior: float) -> None:
    np.testing.assert_allclose(
        rated(tally, prior=prior).ratings(), independent_ratings(tally, prior), rtol=0, atol=1e-6
    )


@given(tallies(), st.randoms(use_true_random=False))
def test_renaming_players_renames_their_ratings(tally: Tally, random: Random) -> None:
    order = list(range(tally.players))
    random.shuffle(order)
    plain, renamed = rated(tally), rated(Tally.from_counts(tally.counts[np.ix_(order, order)]))
    np.testing.assert_allclose(renamed.ratings(), plain.ratings()[order], atol=1e-8)
    np.testing.assert_allclose(renamed.covariance, plain.covariance[np.ix_(order, order)], atol=1e-6)


@given(tallies())
def test_exchanging_the_sides_changes_nothing(tally: Tally) -> None:
    plain, mirrored = rated(tally), rated(Tally.from_counts(swapped(tally.counts)))
    np.testing.assert_allclose(mirrored.ratings(), plain.ratings(), atol=1e-8)
    np.testing.assert_allclose(mirrored.standard_errors(), plain.standard_errors(), atol=1e-6)


@given(tallies(), st.sampled_from([1e-3, 0.5, 10.0]), st.sampled_from(["half", "drop"]))
def test_any_board_has_finite_ratings_of_mean_1000_and_a_usable_covariance(
    tally: Tally, prior: float, both_bad: Literal["half", "drop"]
) -> None:
    board = rated(tally, prior=prior, both_bad=both_bad)
    low, high = board.intervals()
    assert np.isfinite(board.ratings()).all()
    assert board.ratings().mean() == pytest.approx(1000)
    assert (np.isfinite(low) & np.isfinite(high) & (low <= high)).all()
    assert np.array_equal(board.covariance, board.covariance.T)
    assert np.linalg.eigvalsh(board.covariance).min() >= -1e-9 * max(1.0, np.abs(board.covariance).max())
    assert sorted(board.ranks()) == list(range(1, tally.players + 1))
    assert np.isfinite(board.log_likelihood_per_vote)
    assert board.log_likelihood_per_vote <= 0


@given(tallies(least=2, everyone_lost=True), st.integers(2, 50))
def test_every_vote_k_times_keeps_ratings_and_divides_errors_by_the_root_of_k(tally: Tally, k: int) -> None:
    # 60 votes a player and more, so that only the sandwich speaks.
    counts = tally.counts * FEW_VOTES
    once, often = (rated(Tally.from_counts(counts * times), prior=0) for times in (1, k))
    np.testing.assert_allclose(often.ratings(), once.ratings(), atol=1e-7)
    np.testing.assert_allclose(often.standard_errors() * np.sqrt(k), once.standard_errors(), rtol=1e-7)


@given(tallies(), st.sampled_from([0.0, 1000.0, -40.5]), st.data())
def test_an_anchor_keeps_all_differences(tally: Tally, at: float, data: st.DataObject) -> None:
    player = data.draw(st.integers(0, tally.players - 1))
    free, anchored = rated(tally), rated(tally).anchored(player, at)
    assert anchored.ratings()[player] == at
    assert anchored.standard_errors()[player] == 0
    np.testing.assert_allclose(anchored.ratings() - at, free.ratings() - free.ratings()[player], atol=1e-8)
    np.testing.assert_allclose(anchored.difference_variances(), free.difference_variances(), atol=1e-8)
    # An error is now that of the difference to the anchor.
    for other in range(tally.players):
        assert anchored.standard_errors()[other] == pytest.approx(free.difference_se(other, player), abs=1e-6)
    assert np.array_equal(anchored.ranks(), free.ranks())


@given(tallies(), st.data())
def test_everyone_is_a_hundred_percent_of_itself(tally: Tally, data: st.DataObject) -> None:
    player = data.draw(st.integers(0, tally.players - 1))
    percent, low, high = rated(tally).percent_of(player)
    assert percent[player] == low[player] == high[player] == 100
    assert ((low >= 0) & (low <= percent) & (percent <= high) & (high <= 200)).all()
    strengths = rated(tally).strengths
    np.testing.assert_allclose(percent, 200 / (1 + np.exp(strengths[player] - strengths)), rtol=1e-12)
    narrow = rated(tally).percent_of(player, level=0.5)
    assert ((low <= narrow[1]) & (narrow[2] <= high)).all()


@given(tallies(least=2), st.data())
def test_a_win_raises_the_winner_and_lowers_the_loser(tally: Tally, data: st.DataObject) -> None:
    winner, loser = data.draw(st.permutations(range(tally.players)))[:2]
    before = rated(tally).strengths
    tally.add(winner, loser, A)
    after = rated(tally).strengths
    assert after[winner] > before[winner]
    assert after[loser] < before[loser]


@given(tallies(least=2))
def test_both_bad_counts_as_a_tie_unless_it_is_dropped(tally: Tally) -> None:
    tied, without = tally.counts.copy(), tally.counts.copy()
    tied[:, :, TIE] += tied[:, :, BOTH_BAD]
    tied[:, :, BOTH_BAD] = without[:, :, BOTH_BAD] = 0
    np.testing.assert_allclose(rated(tally).strengths, rated(Tally(tied)).strengths, atol=1e-12)
    dropped = rated(tally, both_bad="drop")
    assert np.array_equal(dropped.strengths, rated(Tally(without)).strengths)
    assert np.array_equal(dropped.votes, Tally(without).games())


def test_an_independent_solver_agrees_on_the_real_board(real_board: tuple[tuple[str, ...], Tally]) -> None:
    _, tally = real_board
    np.testing.assert_allclose(rated(tally).ratings(), independent_ratings(tally, 0.5), rtol=0, atol=1e-6)


def test_two_players_have_the_log_odds_of_their_points() -> None:
    board_of_two = rated(board(2, (0, 1, A, 60), (1, 0, B, 10), (0, 1, TIE, 20), (0, 1, B, 10)), prior=0)
    assert board_of_two.strengths[0] - board_of_two.strengths[1] == pytest.approx(np.log(80 / 20), abs=1e-12)
    assert board_of_two.log_likelihood == pytest.approx(80 * np.log(0.8) + 20 * np.log(0.2))
    # Σ(y − p)² over (Σ p(1 − p))², by hand: 70 wins, 20 ties, 10 losses at p = .8.
    error = ELO_PER_NAT * np.sqrt(70 * 0.2**2 + 20 * 0.3**2 + 10 * 0.8**2) / (100 * 0.8 * 0.2)
    assert board_of_two.difference_se(0, 1) == pytest.approx(error, rel=1e-9)
    assert board_of_two.standard_errors() == pytest.approx([error / 2, error / 2], rel=1e-9)


def test_an_undefeated_player_stays_finite_and_is_wide() -> None:
    # Player 0 won all of its 8 battles; the others met a hundred times each.
    settled = [(i, j, outcome, 50) for i in (1, 2, 3) for j in (1, 2, 3) if i < j for outcome in (A, B)]
    fitted = rated(board(4, *settled, (0, 1, A, 4), (2, 0, B, 4)))
    errors = fitted.standard_errors()
    assert fitted.ranks()[0] == 1
    assert 1000 < fitted.ratings()[0] < 2500
    assert errors[0] > 100
    assert errors[0] > 3 * errors[1:].max()


def test_one_decisive_vote_settles_nothing() -> None:
    fitted = rated(board(2, (0, 1, A, 1)))
    low, high = fitted.intervals()
    assert fitted.ranks().tolist() == [1, 2]
    assert low[0] < fitted.ratings()[1] < fitted.ratings()[0] < high[1]
    assert fitted.difference_se(0, 1) > 300


def test_a_board_without_votes_is_level_and_wide() -> None:
    fitted = rated(Tally.empty(5))
    assert fitted.ratings().tolist() == [1000.0] * 5
    assert fitted.standard_errors().min() > 400
    assert fitted.ranks().tolist() == [1, 2, 3, 4, 5]
    assert (fitted.log_likelihood, fitted.log_likelihood_per_vote) == (0.0, 0.0)


def test_a_player_alone_is_rated_1000() -> None:
    for prior in (0.0, 0.5):
        assert rated(Tally.empty(1), prior=prior).ratings().tolist() == [1000.0]


def test_a_newcomer_is_wide_and_leaves_the_others_their_errors() -> None:
    settled = board(3, *((i, j, outcome, 100) for i, j in ((0, 1), (0, 2), (1, 2)) for outcome in (A, A, B, TIE)))
    before, after = rated(settled), rated(settled.grown(4))
    assert after.votes.tolist() == [800, 800, 800, 0]
    assert after.standard_errors()[3] > 300
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert after.difference_se(i, j) == pytest.approx(before.difference_se(i, j), rel=1e-3)


def test_groups_that_never_met_are_named() -> None:
    apart = board(5, (0, 3, A, 1), (3, 0, A, 1), (1, 2, TIE, 3))
    with pytest.raises(Disconnected, match="3 groups of players never met") as caught:
        rated(apart, prior=0)
    assert caught.value.components == ((0, 3), (1, 2), (4,))
    # A prior keeps their ratings finite, and yet nothing compares them.
    with pytest.raises(Disconnected):
        fit(apart)
    assert np.isfinite(rated(apart).ratings()).all()


def test_players_whom_only_dropped_votes_join_never_met() -> None:
    joined = board(3, (0, 1, TIE, 1), (1, 2, BOTH_BAD, 5))
    assert np.isfinite(rated(joined, prior=0).ratings()).all()
    with pytest.raises(Disconnected):
        rated(joined, prior=0, both_bad="drop")


def test_infinite_strengths_are_refused_without_a_prior() -> None:
    with pytest.raises(NotConverged, match="prior above 0"):
        rated(board(3, (0, 1, A, 1), (1, 2, A, 1), (2, 1, A, 1)), prior=0)


def test_no_players_no_board() -> None:
    with pytest.raises(Empty):
        rated(Tally.empty(0))


@pytest.mark.parametrize("prior", [-0.1, float("nan"), float("inf")])
def test_a_prior_that_is_no_number_of_games_is_refused(prior: float) -> None:
    with pytest.raises(BadSetting):
        rated(Tally.empty(2), prior=prior)


def test_unknown_words_and_levels_are_refused() -> None:
    with pytest.raises(BadSetting):
        rated(Tally.empty(2), both_bad="ignore")  # type: ignore[arg-type]
    for level in (0.0, 1.0, float("nan")):
        with pytest.raises(BadSetting):
            rated(Tally.empty(2)).intervals(level)


def test_who_is_not_on_the_board_anchors_nothing() -> None:
    fitted = rated(Tally.empty(2))
    for player, at in ((2, 1000.0), (-1, 1000.0), (0, float("nan"))):
        with pytest.raises(BadSetting, match="to anchor"):
            fitted.anchored(player, at)
    with pytest.raises(BadSetting):
        fitted.percent_of(2)
    with pytest.raises(BadSetting):
        fitted.percent_of(0, level=1)


def test_a_prior_too_small_for_floats_is_refused() -> None:
    tied = board(2, (0, 1, A, 3), (0, 1, B, 3))
    for tally, prior in ((tied, 1e-17), (Tally.empty(2), 1e-320)):
        with pytest.raises(NotConverged, match="too weakly for this prior"):
            rated(tally, prior=prior)


def test_a_start_far_off_leads_to_the_same_board() -> None:
    level = board(3, (0, 1, A, 9), (1, 2, TIE, 4), (2, 0, A, 7))
    found = fit(level, start=np.array([1e4, 0.0, -1e4]))
    np.testing.assert_allclose(found.strengths, fit(level).strengths, rtol=0, atol=1e-9)


def test_an_endless_search_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rating.bradley_terry.MOST_STEPS", 2)
    with pytest.raises(NotConverged, match="within 2 steps"):
        rated(board(2, (0, 1, A, 30), (0, 1, B, 2)))


def test_a_wider_level_has_a_wider_interval() -> None:
    fitted = rated(board(2, (0, 1, A, 3), (0, 1, B, 2)))
    low, high = fitted.intervals()
    assert (high - low) / 2 == pytest.approx(1.959964 * fitted.standard_errors(), rel=1e-6)
    assert (fitted.intervals(0.99)[0] < low).all()


def test_equal_players_rank_in_the_order_of_their_ids() -> None:
    # The even beat the odd, all alike: rounding alone could tell the even apart.
    pairs = [(i, j) for i in range(0, 9, 2) for j in range(1, 9, 2)]
    fitted = rated(board(9, *((i, j, A, 3) for i, j in pairs), *((i, j, B, 1) for i, j in pairs)))
    assert fitted.ranks().tolist() == [1, 6, 2, 7, 3, 8, 4, 9, 5]


def test_a_billion_to_one_loses_no_digits() -> None:
    many = 10**9
    fitted = rated(board(3, (0, 1, A, many), (0, 1, B, 1), (1, 2, A, many), (1, 2, B, 1)), prior=0)
    assert fitted.strengths == pytest.approx([np.log(many), 0, -np.log(many)], rel=1e-12, abs=1e-12)


def test_intervals_hold_what_they_promise_where_votes_are_few() -> None:
    """300 boards of 8 players with about 7 votes each, a third of them ties; the promise is 95 %."""
    random = np.random.default_rng(20240814)
    held = []
    for _ in range(300):
        truth = random.normal(0, 0.8, 8)
        truth -= truth.mean()
        first = random.integers(0, 8, 28)
        second = (first + random.integers(1, 8, 28)) % 8
        p = 1 / (1 + np.exp(truth[second] - truth[first]))
        tie = 0.7 * np.minimum(p, 1 - p)
        drawn = random.random(28)
        tally = Tally.empty(8)
        tally.add_many(first, second, np.where(drawn < p - tie / 2, A, np.where(drawn < p + tie / 2, TIE, B)))
        low, high = rated(tally).intervals()
        held.append((low < 1000 + ELO_PER_NAT * truth) & (1000 + ELO_PER_NAT * truth < high))
    assert 0.94 < np.mean(held) < 0.99  # the sandwich alone: .84


def test_a_fit_cannot_be_changed_by_assignment() -> None:
    with pytest.raises(AttributeError):
        rated(Tally.empty(2)).strengths = np.ones(2)  # type: ignore[misc]
