"""Few voters, or a few who cast most of the votes: the strengths follow their tastes, and the board must say so."""

from typing import Literal

import numpy as np
import pytest

from benchmarks.simulations.worlds import Floats, Voters, cast, normal_strengths, strengths_at_large
from rating import BadSetting, Ballots, Fit, Live, fit
from rating.bradley_terry import Maximum, bradley_terry, laplacian
from rating.covariance import FEW_VOTERS, VoterSums, dispersion, meat_of_voters, tastes
from rating.ties import davidson, rao_kupper
from rating.totals import Totals, totals_of

ZIPF = Voters(40, steepness=1.2, taste=0.8)


def at_maximum(ballots: Ballots) -> tuple[Totals, Maximum, VoterSums]:
    totals = totals_of(ballots)
    maximum = bradley_terry(totals, 0.5)
    return totals, maximum, meat_of_voters(maximum, ballots, cautious=True)


def without_voters(ballots: Ballots) -> Ballots:
    return Ballots(ballots.players, ballots.first, ballots.second, ballots.outcome)


def test_intervals_hold_what_they_promise_where_a_few_voters_cast_most_votes() -> None:
    """150 boards of 8 players and 240 votes of 40 voters, who weigh as much as 9; the promise is 95 %."""
    random = np.random.default_rng(5)
    held, by_vote = [], []
    for _ in range(150):
        strengths = normal_strengths(random, 8, 0.6)
        truth = strengths_at_large(strengths, ZIPF.taste)
        ballots = cast(random, strengths, 240, ZIPF)
        for board, found in ((fit(ballots, intervals="cautious"), held), (fit(without_voters(ballots)), by_vote)):
            found.append(np.abs(board.strengths - truth) < 1.96 * np.sqrt(np.diagonal(board.covariance)))
    assert 0.93 < np.mean(held) < 0.97  # the clustered sandwich alone: .90
    assert np.mean(by_vote) < 0.8


def test_the_variance_of_tastes_is_found() -> None:
    random = np.random.default_rng(6)
    found = []
    for _ in range(20):
        ballots = cast(random, normal_strengths(random, 6, 0.3), 6_000, Voters(60, taste=0.3))
        totals, maximum, sums = at_maximum(ballots)
        assert sums.information is not None
        # Σ J² − Σ 2 w² e eᵀ, by a loop over the voters.
        shared = np.zeros((6, 6))
        for voter in range(60):
            own = totals_of(ballots.where(ballots.voter == voter)).weights.sum(axis=2)
            both = (own + own.T) * maximum.information
            shared += laplacian(both) @ laplacian(both) - laplacian(2 * both * maximum.information)
        added = tastes(maximum, totals, sums, sums.information)
        assert added == pytest.approx(shared * np.trace(added) / np.trace(shared), abs=1e-9)
        found.append(np.trace(added) / np.trace(shared))
    assert np.mean(found) == pytest.approx(0.3**2, rel=0.1)


@pytest.mark.parametrize(
    ("votes", "voters", "low", "high"),
    [
        # A few voters of unequal weight: the strengths follow the heaviest most, and seem to show half its tastes.
        (3_000, Voters(5, 1.0, taste=0.3), 0.078, 0.096),
        # So few votes that the strengths follow each of them: tastes seem .19, even if there are none, below 0.
        (300, Voters(5, taste=0.5), 0.2, 0.25),
    ],
)
def test_tastes_are_found_although_the_strengths_follow_them(
    votes: int, voters: Voters, low: float, high: float
) -> None:
    random = np.random.default_rng(6)
    found = []
    for _ in range(150):
        totals, maximum, sums = at_maximum(cast(random, normal_strengths(random, 6, 0.3), votes, voters))
        assert sums.information is not None
        found.append(variance_of(tastes(maximum, totals, sums, sums.information), maximum, totals, sums))
    assert low < np.mean(found) < high


def variance_of(added: Floats, maximum: Maximum, totals: Totals, sums: VoterSums) -> float:
    """τ̂², from τ̂² X."""
    assert sums.information is not None
    alone = (totals.squares.sum(axis=2) * maximum.information**2).sum()
    return float(np.trace(added) / (np.trace(sums.information) - 4 * alone))


def test_voters_who_vote_once_are_votes() -> None:
    ballots = cast(np.random.default_rng(8), np.zeros(5), 100)
    each = Ballots.from_arrays(ballots.first, ballots.second, ballots.outcome, players=5, voter=np.arange(100))
    # 40 votes a player. The sandwiches differ by the factor of G voters alone.
    np.testing.assert_allclose(fit(each, intervals="cautious").covariance, fit(ballots).covariance, rtol=0.012)


def test_voters_are_counted_by_what_they_weigh() -> None:
    first, second = np.array([0] * 12), np.array([1] * 6 + [2] * 6)
    voter = np.array([0, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 1])
    outcome = np.array([0, 1] * 6)
    *_, sums = at_maximum(Ballots.from_arrays(first, second, outcome, players=3, voter=voter))
    assert sums.effective == pytest.approx([144 / (36 + 4 + 4), 6, 36 / 26])
    *_, sums = at_maximum(
        Ballots.from_arrays(first, second, outcome, players=4, voter=voter, weight=np.where(voter == 0, 2, 1))
    )
    assert sums.effective == pytest.approx([18**2 / (144 + 4 + 4), 49 / 9, 121 / 101, 0])
    assert (sums.squares, sums.cubes) == (152, 12**3 + 8 + 4)


def test_many_voters_need_no_model_of_tastes() -> None:
    voters = 3 * FEW_VOTERS
    ballots = cast(np.random.default_rng(9), np.zeros(3), 5_000, Voters(voters, taste=0.5))
    *_, sums = at_maximum(ballots)
    assert (sums.number, sums.information) == (voters, None)
    assert (
        fit(ballots, intervals="cautious").standard_errors() > 1.1 * fit(without_voters(ballots)).standard_errors()
    ).all()


def test_one_voter_for_all_and_another_for_once_leave_a_usable_board() -> None:
    ballots = cast(np.random.default_rng(10), np.zeros(4), 1_000, Voters(1))
    voter = np.zeros(1_000, dtype=np.int64)
    voter[0] = 1
    two = Ballots.from_arrays(ballots.first, ballots.second, ballots.outcome, players=4, voter=voter)
    # The strengths follow the one voter wholly, so that its tastes do not show; votes vary all the same.
    ratio = fit(two, intervals="cautious").standard_errors() / fit(without_voters(two)).standard_errors()
    assert ratio.min() > 0.9


def test_tastes_never_vary_more_than_votes_do() -> None:
    # Two voters who want opposite things on a dozen votes.
    ballots = cast(np.random.default_rng(0), np.zeros(3), 12, Voters(2, taste=3))
    totals, maximum, sums = at_maximum(ballots)
    assert sums.information is not None
    added = tastes(maximum, totals, sums, sums.information)
    assert variance_of(added, maximum, totals, sums) == pytest.approx(2 * dispersion(maximum, totals))
    assert np.linalg.eigvalsh(dispersion(maximum, totals) * maximum.curvature + added).min() >= 0
    assert np.linalg.eigvalsh(fit(ballots, intervals="cautious", apart=True).covariance).min() > -1e-12


def test_two_votes_of_two_voters_are_a_board() -> None:
    two = Ballots.from_arrays([0, 0], [1, 1], [0, 1], players=2, voter=[0, 1])
    assert np.isfinite(fit(two, intervals="cautious").covariance).all()


@pytest.mark.parametrize("ties", ["half", "davidson", "rao-kupper"])
def test_every_model_of_ties_is_wider_by_few_voters(ties: Literal["half", "davidson", "rao-kupper"]) -> None:
    ballots = cast(np.random.default_rng(11), np.zeros(5), 2_000, ZIPF)

    def errors(board: Fit) -> float:
        return float(np.mean(board.standard_errors()))

    assert errors(fit(ballots, ties=ties, intervals="cautious")) > 2 * errors(fit(without_voters(ballots), ties=ties))


def test_the_information_of_votes_is_the_curvature_of_all() -> None:
    ballots = cast(np.random.default_rng(12), np.array([0.5, 0.2, -0.7]), 100_000)
    totals = totals_of(ballots)
    met = totals.weights.sum(axis=2)
    met = met + met.T
    for model, off in ((bradley_terry, 1e-9), (davidson, 1e-9), (rao_kupper, 0.05)):
        maximum = model(totals, 1e-6)
        # Rao and Kupper's curvature depends on the verdicts, and has its expectation only on average.
        np.testing.assert_allclose(laplacian(met * maximum.information), maximum.curvature[:3, :3], rtol=off, atol=1e-3)


def test_a_live_board_knows_as_well_when_its_voters_are_enough() -> None:
    ballots = cast(np.random.default_rng(13), np.zeros(3), 5_000, Voters(3 * FEW_VOTERS, taste=0.5))
    live = Live(3, intervals="cautious").advance(ballots)
    np.testing.assert_allclose(live.covariance, fit(ballots, intervals="cluster").covariance, rtol=1e-9, atol=1e-12)


def test_one_voter_says_nothing_of_voters() -> None:
    ballots = cast(np.random.default_rng(14), np.zeros(3), 50, Voters(1))
    with pytest.raises(BadSetting, match="two are needed"):
        fit(ballots, intervals="cautious")
