"""When a cut is called, what holds it open, and how far away the call is."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from rating import BadSetting, Lock, Needed, Outcome, Tally, certificate, fit, lock_verdict
from rating.fitting import ELO_PER_NAT
from rating.lock import bounds_of
from tests.rating.test_bradley_terry import tallies
from tests.rating.test_ranks import drawn_board, made

A, B, TIE, _ = Outcome


def two(z: float, information: float = 400.0, votes: float = 1000.0) -> Any:
    """A board of two players with this z and this information, 1/Var(gap), after so many votes."""
    gap = z / np.sqrt(information)
    return made([gap / 2, -gap / 2], np.eye(2) / information / 2, votes=np.full(2, votes))


def test_half_way_to_a_deadline_the_bound_is_root_two_times_that_at_its_end() -> None:
    end = norm.ppf(1 - 0.025 / 2)
    for votes, bound in ((1000, end), (500, end * np.sqrt(2)), (10, end * 10)):
        verdict = lock_verdict(two(bound - 1e-6, votes=votes), 1, planned_votes=1000)
        assert not verdict.locked
        assert verdict.pair.bound == pytest.approx(bound)
        assert lock_verdict(two(bound + 1e-6, votes=votes), 1, planned_votes=1000).locked


def test_where_sampling_adapts_the_deadline_counts_information() -> None:
    end = norm.ppf(1 - 0.025 / 2)
    for planned in (1600.0, [[0.0, 1600.0], [1600.0, 0.0]]):
        verdict = lock_verdict(two(3, information=400), 1, planned_information=np.array(planned) + np.eye(2) * 500)
        assert verdict.pair.bound == pytest.approx(end * 2 if planned != 1600.0 else end * np.sqrt(4))
    assert lock_verdict(two(3, information=400), 1, planned_information=401).locked


def test_without_a_deadline_the_bound_is_that_of_a_mixture_of_gaps() -> None:
    gap = norm(30 / ELO_PER_NAT, 15 / ELO_PER_NAT)
    for information in (0.1, 10.0, 400.0, 1e5):
        bound = float(bounds_of(np.array(information), None, 0.025))
        verdict = lock_verdict(two(bound - 1e-6, information), 1)
        assert (verdict.locked, verdict.pair.bound) == (False, pytest.approx(bound))
        assert lock_verdict(two(bound + 1e-6, information), 1).locked
        # Where it is reached, gaps so distributed are 40 times as likely as none, by numerical integration.
        deltas = np.linspace(-1, 1.5, 2_000_001)
        likelier = np.exp(deltas * bound * np.sqrt(information) - deltas**2 * information / 2 + gap.logpdf(deltas))
        assert np.trapezoid(likelier, deltas) == pytest.approx(1 / 0.025, rel=1e-6)


def test_the_mixture_takes_a_tenth_off_what_a_symmetric_one_needs() -> None:
    """For gaps that votes can tell; the symmetric one (Howard et al. 2021) resolves 30 Elo with the least votes."""
    grid = np.geomspace(10, 1e5, 100_000)
    seen = (28.3 / ELO_PER_NAT) ** 2 * grid
    symmetric = np.sqrt((1 + 1 / seen) * (np.log1p(seen) - 2 * np.log(0.05)))
    ours = bounds_of(grid, None, 0.025)

    def information_needed(gap: float, bounds: Any) -> float:
        return float(grid[np.argmax(gap / ELO_PER_NAT * np.sqrt(grid) >= bounds)])

    of_symmetric = [information_needed(gap, ours) / information_needed(gap, symmetric) for gap in (10, 20, 30, 50, 100)]
    assert of_symmetric == pytest.approx([1.18, 1.02, 0.92, 0.90, 0.94], abs=0.006)


def test_one_open_pair_holds_the_board_open_and_is_named() -> None:
    board = made([5.0, 2.0, 0.3, 0.0, -3.0], np.eye(5) * 0.01, votes=np.full(5, 800.0))
    verdict = lock_verdict(board, 2)
    assert not verdict.locked
    assert verdict.players == ("safe", "safe", "open", "open", "out")
    assert (verdict.pair.above, verdict.pair.below) == (2, 3)
    assert verdict.pair.gap == pytest.approx(0.3 * ELO_PER_NAT)
    assert verdict.pair.z == pytest.approx(0.3 / np.sqrt(0.02))
    assert verdict.pair.bound is not None
    assert verdict.pair.z < verdict.pair.bound


def test_a_locked_board_leaves_nobody_open_and_needs_no_votes() -> None:
    board = made([2.0, 1.0, 0.0, -1.0], np.eye(4) * 1e-4, votes=np.full(4, 800.0))
    verdict = lock_verdict(board, 1, among=np.array([True, True, False, True]))
    assert verdict == Lock(True, ("safe", "safe", None, "out"), verdict.pair, Needed(0, 0, 0))
    assert (verdict.pair.above, verdict.pair.below) == (1, 3)


def test_a_verdict_on_one_player_asks_for_more_than_the_board_does() -> None:
    # Of 8 players one goes: a false "safe" could come about at 7 pairs, a false lock only at all of them.
    enough = float(bounds_of(np.array(50.0), None, 0.05 / 7)) * np.sqrt(0.02)
    strengths = np.array([enough + 0.001] * 6 + [enough - 0.001, 0.0])
    assert lock_verdict(made(strengths, np.eye(8) * 0.01), 1).locked
    strengths[5] = 0.1
    verdict = lock_verdict(made(strengths, np.eye(8) * 0.01), 1)
    assert not verdict.locked
    assert verdict.players == ("safe",) * 5 + ("open",) * 3


def test_players_the_votes_do_not_compare_are_never_locked() -> None:
    tied = Tally.empty(2)
    tied.add(0, 1, TIE, 1000)
    undefeated = Tally.empty(3)
    undefeated.counts[:2, :2] = drawn_board(np.zeros(2), 2000, np.random.default_rng(1)).counts
    undefeated.add(0, 2, A, 5000)
    for board, below in ((fit(tied), 1), (fit(undefeated), 1), (fit(Tally.empty(3), apart=True), 2)):
        for plan in ({}, {"planned_votes": 10_000}, {"planned_information": 1e9}):
            verdict = lock_verdict(board, below, **plan)  # type: ignore[arg-type]
            assert not verdict.locked
            assert set(verdict.players) == {"open"}
            assert (verdict.pair.z, verdict.pair.bound) == (0, None)
            assert verdict.needed == Needed(None, None, None)


@given(tallies(least=2), st.data())
def test_any_board_gets_a_verdict_without_broken_numbers(tally: Tally, data: st.DataObject) -> None:
    below = data.draw(st.integers(1, tally.players - 1))
    board = fit(tally, apart=True)
    for plan in ({}, {"planned_votes": board.votes.sum() + 1.0}):
        verdict = lock_verdict(board, below, **plan)
        assert np.isfinite([verdict.pair.z, verdict.pair.gap]).all()
        assert verdict.locked == ("open" not in verdict.players)
        assert verdict.players.count("out") <= below
        assert verdict.players.count("safe") <= tally.players - below
        needed = [verdict.needed.low, verdict.needed.median, verdict.needed.high]
        said = [votes for votes in needed if votes is not None]
        assert said == sorted(said)
        assert needed[: len(said)] == said
        assert verdict.locked == (needed[2] == 0)


def test_votes_needed_by_a_deadline_follow_from_the_straight_line() -> None:
    # z grows with the root of the votes, the bound falls with it: they meet where the votes are c/(z √share) times.
    end = norm.ppf(1 - 0.025 / 2)
    verdict = lock_verdict(two(2.0, votes=1000), 1, planned_votes=4000)
    assert verdict.needed.median == pytest.approx(1000 * (end * 2 / 2.0 - 1), abs=1)
    assert verdict.needed.low is not None
    assert verdict.needed.low < 0.6 * verdict.needed.median
    assert verdict.needed.high is None  # one in ten takes longer than the 3000 left
    late = lock_verdict(two(0.5, votes=3900), 1, planned_votes=4000)
    assert late.needed == Needed(None, None, None)


def test_votes_needed_without_a_deadline_solve_the_growing_bound() -> None:
    verdict = lock_verdict(two(2.0, 400, votes=1000), 1)
    assert verdict.needed.median is not None
    r = 1 + verdict.needed.median / 1000
    assert 2.0 * np.sqrt(r) == pytest.approx(float(bounds_of(np.array(400 * r), None, 0.025)), abs=2e-3)
    assert verdict.needed.high is not None
    assert verdict.needed.high > 5 * verdict.needed.median
    assert lock_verdict(two(1.2), 1).needed.high is None  # one gap in ten is none: z − Φ⁻¹(.9) < 0
    assert lock_verdict(two(0.0), 1).needed.median is None


def test_a_board_waits_for_its_slowest_pair() -> None:
    board = made([1.0, 0.3, 0.0], np.eye(3) * 0.01, votes=np.full(3, 400.0))
    slow = made([0.3, 0.0], np.eye(2) * 0.01, votes=np.full(2, 600.0))
    assert lock_verdict(board, 1).needed == lock_verdict(slow, 1).needed


def test_plans_that_cannot_be_are_refused() -> None:
    board = two(1.0)
    bad: list[dict[str, Any]] = [
        {"alpha": 0.0},
        {"alpha": 1.0},
        {"planned_votes": 999},
        {"planned_votes": float("inf")},
        {"planned_votes": 2000, "planned_information": 2000},
        {"planned_information": 399},
        {"planned_information": float("nan")},
        {"planned_information": [500, 500]},
    ]
    for setting in bad:
        with pytest.raises(BadSetting):
            lock_verdict(board, 1, **setting)
    for below in (0, 2):
        with pytest.raises(BadSetting, match="a cut of 2 players"):
            lock_verdict(board, below)
    with pytest.raises(BadSetting):
        lock_verdict(fit(Tally.empty(2), apart=True), 1, planned_votes=0)


def test_a_tie_is_rarely_locked_however_often_one_looks() -> None:
    """4000 gaps of 0, looked at 400 times each; a lock on either side is wrong, and the promise is 5 %."""
    random = np.random.default_rng(20240814)
    information = np.linspace(5, 2000, 400)
    z = np.cumsum(random.normal(0, np.sqrt(5), (4000, 400)), axis=1) / np.sqrt(information)
    for share, least in ((information / 2000, 0.04), (None, 0.015)):
        wrong = (np.abs(z) >= bounds_of(information, share, 0.025)).any(axis=1).mean()
        assert least < wrong < 0.052
    assert (np.abs(z) >= norm.ppf(0.95)).any(axis=1).mean() > 0.5  # what looking costs without such bounds


def test_a_cut_is_certified_beyond_chance_and_beyond_riggers() -> None:
    def gap_of(elo: float, error: float) -> Any:
        return made([elo / ELO_PER_NAT, 0.0], np.diag([(error / ELO_PER_NAT) ** 2, 0.0]))

    assert certificate(gap_of(12.1, 3), 1, voters=20).granted
    assert not certificate(gap_of(11.9, 3), 1, voters=20).granted  # the band
    assert not certificate(gap_of(19.5, 10), 1, voters=20).granted  # 1.96 errors
    assert certificate(gap_of(19.7, 10), 1, voters=20).granted
    assert not certificate(gap_of(19.7, 10), 1, voters=19).granted
    assert certificate(gap_of(19.7, 10), 1, voters=None).granted
    refused = certificate(gap_of(19.5, 10), 1, voters=30)
    assert (refused.above, refused.below, refused.voters) == (0, 1, 30)
    assert (refused.gap, refused.needs) == (pytest.approx(19.5), pytest.approx(19.6, abs=0.001))


def test_players_the_votes_do_not_compare_are_never_certified() -> None:
    tied = Tally.empty(2)
    tied.add(0, 1, TIE, 1000)
    granted = certificate(fit(tied), 1, voters=None)
    assert (granted.granted, granted.needs) == (False, None)
