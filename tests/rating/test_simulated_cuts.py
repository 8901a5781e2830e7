"""`python -m benchmarks.cuts`: its rounds keep to the caps, its boards are the engine's, its GSPRT is as published."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.cuts import LADDER, MOST_TIED, STUDIES, TIED, Study, main, piece, simulated, table_of
from benchmarks.simulations.calls import aimed, contrast, locked, raced, told
from benchmarks.simulations.gsprt import Trials, log_likelihood_ratio, results_of
from benchmarks.simulations.rounds import Round, arrivals, strengths_of, turns
from benchmarks.simulations.tables import Row
from benchmarks.simulations.worlds import strengths_at_large
from rating import Ballots, fit, lock_verdict, uniform_probabilities
from rating.fitting import ELO_PER_NAT

Floats = NDArray[np.float64]


def played(players: int, votes: int, seed: int = 1) -> Round:
    contest = Round(np.random.default_rng(seed), np.linspace(0, 1, players), votes)
    contest.play(votes // 2, uniform_probabilities(players))
    contest.play(votes - votes // 2, uniform_probabilities(players))
    return contest


def test_voters_have_heavy_tails_a_cap_and_come_back() -> None:
    who = arrivals(np.random.default_rng(1), 20_000, 10)
    number = np.bincount(who)[:500]  # those who had the time to come back as often as they would
    assert who.size == 20_000
    assert number.max() == 10
    for least in (2, 3, 5, 10):
        assert (number >= least).mean() == pytest.approx(1 / least, abs=0.05)
    first = np.array([np.flatnonzero(who == voter)[[0, -1]] for voter in np.flatnonzero(number == 2)])
    assert 0.3 < (np.diff(first)[:, 0] > 5).mean() < 0.6
    assert turns(np.array([3, 1, 3, 3, 1])).tolist() == [0, 0, 1, 2, 1]


@pytest.mark.parametrize(("players", "room"), [(2, 10), (3, 4), (4, 2), (5, 1), (6, 1)])
def test_a_voter_casts_ten_votes_at_most_and_few_on_one_pair(players: int, room: int) -> None:
    contest = played(players, 3_000)
    assert contest.met.max() == room
    assert contest.met.sum(axis=1).max() == 10
    assert contest.cast == contest.counted == contest.met.sum() == 3_000


def test_votes_on_a_pair_without_room_are_cast_and_not_counted() -> None:
    contest = Round(np.random.default_rng(1), np.zeros(5), 3_000)
    only = np.zeros((5, 5))
    only[1, 3] = 1
    contest.play(3_000, only)
    assert contest.cast == 3_000
    assert contest.counted == np.unique(contest.order).size < 1_500
    assert contest.tally().counts.sum(axis=2)[1, 3] == contest.counted


def test_the_simulated_board_is_the_engines() -> None:
    contest = played(5, 900)
    voter, pair = np.nonzero(contest.met)  # one vote at most of a voter on a pair: its points tell its outcome
    outcome = np.array([1, 2, 0])[(2 * contest.points[voter, pair]).astype(int)]
    i, j = (side[pair] for side in contest.upper)
    ballots = Ballots.from_arrays(i, j, outcome, players=5, voter=voter)
    once, board = fit(ballots, intervals="cautious", apart=True), contest.board()
    assert board.strengths == pytest.approx(once.strengths, abs=1e-9)
    assert board.covariance == pytest.approx(once.covariance, abs=1e-12)


def test_a_gap_at_the_line_is_that_of_very_many_such_voters() -> None:
    strengths = strengths_of(LADDER)
    assert np.diff(strengths_at_large(strengths, 0.8)) * ELO_PER_NAT == pytest.approx(50.0)
    assert np.ptp(strengths_of(TIED)[:2]) < 1e-12


def test_the_ratio_is_the_published_approximation() -> None:
    # 20 losses, 40 ties, 40 wins: mean .6, variance .14; 100 Elo are a score of .640065.
    some = 1 / (1 + 10**-0.25)
    assert log_likelihood_ratio(np.array([20.0, 40, 40]), 100) == pytest.approx(
        100 * (some - 0.5) * (1.2 - 0.5 - some) / 0.28
    )
    # Fishtest's own mean of ½ and g₁ make no case for either.
    assert log_likelihood_ratio(np.array([25.0, 50, 25]), 100) == pytest.approx(-100 * (some - 0.5) ** 2 / 0.25)
    assert np.isfinite(log_likelihood_ratio(np.array([0.0, 0, 5]), 100))


def test_results_count_both_orders_and_both_kinds_of_ties() -> None:
    counts = np.zeros((2, 2, 4))
    counts[0, 1], counts[1, 0] = (5, 3, 2, 1), (7, 11, 4, 6)
    assert results_of(counts)[0, 1].tolist() == [10, 13, 16]
    assert results_of(counts)[1, 0].tolist() == [16, 13, 10]


def test_a_test_decides_once_and_after_twenty_results() -> None:
    def counts(wins: int, losses: int) -> Floats:
        made = np.zeros((2, 2, 4))
        made[0, 1, :2] = wins, losses
        return made

    tests = Trials(2, 50)
    tests.look(counts(16, 3))
    assert tests.weakest() is None
    tests.look(counts(40, 12))
    assert (tests.weakest(), tests.hopeful()) == (1, [1])
    tests.look(counts(40, 400))
    assert tests.weakest() == 1
    tied = Trials(2, 50)
    tied.look(counts(300, 300))
    assert (tied.weakest(), tied.hopeful()) == (None, [])
    up, low = math.log(0.95 / 0.025), math.log(0.05 / 0.975)
    for losses in range(20, 60):
        one = Trials(2, 50)
        one.look(counts(60, losses))
        ratio = log_likelihood_ratio(np.array([losses, 0.0, 60]), 50)
        assert (one.stronger[0, 1], one.not_stronger[0, 1]) == (ratio >= up, ratio <= low)


def test_a_steered_test_asks_only_for_what_is_open() -> None:
    contest, tests = played(5, 2_000), Trials(5, 50)
    tests.stronger[3:, 0] = True
    chances = aimed(contest, tests, [0, 1], 1)
    assert chances[0, 1:].tolist() == [0.5, 0.5, 0, 0]
    assert chances.sum() == 1
    by_rules = aimed(contest, tests, [0, 1], 0.5)
    drawn = by_rules.sum(axis=0) + by_rules.sum(axis=1)
    assert drawn.max() <= 3 * drawn.min() + 1e-9
    few = Round(np.random.default_rng(1), np.zeros(5), 100)
    assert aimed(few, tests, [0], 1)[3, 4] == pytest.approx(0.1)  # each pair has its first results to come


def test_a_wide_gap_is_called_rightly_and_a_round_that_is_over_is_not() -> None:
    strengths = strengths_of(np.array([0.0, 250, 250, 250, 250]))
    for call in (
        locked(np.random.default_rng(1), strengths, contrast, 4_000, 1.2),
        raced(np.random.default_rng(1), strengths, 50, None, 4_000),
        raced(np.random.default_rng(1), strengths, 50, 0.5, 4_000),
        told(np.random.default_rng(1), strengths, 50, 4_000),
    ):
        assert (call.called, call.right) == (True, True)
        assert 0 < call.counted <= call.cast < 4_000
    for call in (
        locked(np.random.default_rng(1), np.zeros(5), contrast, 100, 1.2),
        raced(np.random.default_rng(1), np.zeros(5), 50, None, 100),
        told(np.random.default_rng(1), np.zeros(5), 50, 60),
    ):
        assert (call.called, call.cast <= 100) == (False, True)


def test_a_simulated_lock_is_the_engines() -> None:
    strengths = strengths_of(np.array([0.0, 250, 250, 250, 250]))
    call = locked(np.random.default_rng(1), strengths, contrast, 4_000, 1.2)
    contest, chances = Round(np.random.default_rng(1), strengths, 4_000), uniform_probabilities(5)
    sure, votes = False, 60.0
    while not sure:
        contest.play(round(votes) - contest.cast, chances)
        board = contest.board()
        sure, chances, votes = lock_verdict(board, 1).locked, contrast(board, contest.tally()), votes * 1.2
    assert contest.cast == call.cast


def figures(found: Mapping[str, Floats]) -> dict[str, Row]:
    return {row.name: row for row in (work(np.random.default_rng(0)) for work in table_of(found).rows)}


def test_goals_are_judged_by_what_was_found() -> None:
    found = {name: np.ones((20, 4)) for name in STUDIES}
    found |= {"deadlines": np.ones((20, 66)), "deadlines, tied": np.zeros((20, 66))}
    found["chances"] = np.tile([0.25, 0.75, 0, 1], (20, 1))
    rows = figures(found)
    tie = rows[f"the last two of five exactly tied: called within {MOST_TIED:,} votes"]
    assert tie.cells == ("1.000 (.832 to 1.000)", "lower end ≤ .050", "MISSED")
    chance = next(row for name, row in rows.items() if name.startswith("P(cut)"))
    assert chance.cells[0] == ".250 where 0.2–0.3 is said (20 of 40)"
    assert [row.missed for name, row in rows.items() if name.startswith("÷")] == [()] * 8
    found["contrast"] = np.full((20, 4), 1e6)
    assert [bool(row.missed) for name, row in figures(found).items() if name.startswith("÷")] == [True] * 3 + [
        False
    ] * 5


def test_a_run_depends_on_its_number_and_not_on_who_makes_it() -> None:
    run = STUDIES["GSPRT, told"].run
    whole = piece("told", run, 0, 4)
    assert (np.concatenate([piece("told", run, 0, 3), piece("told", run, 3, 4)]) == whole).all()
    assert len({tuple(row) for row in whole.tolist()}) > 1
    (made,) = dict(simulated({"told": Study(4, run)}, 1.0, 1)).values()
    assert (made == whole).all()


@pytest.mark.parametrize("words", [["--share", "0"], ["--share", "1.5"], ["--processes", "0"]])
def test_a_share_that_cannot_be_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(words)
    assert refused.value.code == 2
    assert "a share lies in (0, 1]" in capsys.readouterr().err
