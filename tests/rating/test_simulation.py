"""`make simulate`: its tables are computed, the same every time, and a goal that is missed is told."""

import numpy as np
import pytest

from benchmarks.simulation import TABLES, main
from benchmarks.simulations.coverage import FOR_COMPARISON, Setting, row
from benchmarks.simulations.locks import DEADLINE, called_by_mixture, verdicts
from benchmarks.simulations.tables import Row, Table, shown
from benchmarks.simulations.worlds import Contest, Voters, cast, strengths_at_large
from rating import Tally, fit, uniform_probabilities
from rating.lock import lock_verdict

TINY = 1e-9


@pytest.mark.parametrize(("name", "place"), [("coverage", 0), ("ranks", 5), ("cuts", 0), ("locks", 3), ("designs", 0)])
def test_every_table_is_computed_from_its_seed(name: str, place: int) -> None:
    table = TABLES[name](TINY)
    once, again, other = (table.rows[place](np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert once == again != other
    assert len(once.cells) == len(table.columns)
    assert once.name in shown(table, [once])


def missing(random: np.random.Generator) -> Row:
    return Row("a row", (f"{random.random():.3f}",), ("too much of it",))


def hopeless(scale: float) -> Table:
    return Table("A table", "Goal: none can reach it.", (f"at {scale}",), (missing, missing))


def test_a_missed_goal_is_told_and_fails_the_whole_simulation_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], {"hopeless": hopeless}) == 1
    printed = capsys.readouterr()
    assert printed.out.count("MISSED: a row: too much of it") == 2
    assert "2 goals missed" in printed.err
    rows = [line for line in printed.out.splitlines() if line.startswith("| a row")]
    assert len(set(rows)) == 2  # a seed for each row
    assert main(["--quick", "--only", "hopeless"], {"hopeless": hopeless, "unasked": hopeless}) == 0
    assert "at 0.02" in capsys.readouterr().out


def test_coverage_is_judged_by_its_goal() -> None:
    for setting in FOR_COMPARISON:
        assert not row(setting, 1, np.random.default_rng(1)).missed
    # A board of 4 on 7 votes each, one at a time: all or nothing holds.
    assert row(Setting(4), 1, np.random.default_rng(1)).missed


def test_the_simulated_lock_is_the_engines() -> None:
    random, tally = np.random.default_rng(4), Tally.empty(6)
    contest = Contest(np.arange(6) * 0.6)
    called = []
    for votes in range(100, 2_100, 100):
        contest.play(random, tally, 100, uniform_probabilities(6))
        board = fit(tally)
        *_, reflection, mixture = verdicts(board, votes)
        assert reflection == lock_verdict(board, 1, planned_votes=DEADLINE).locked
        assert mixture == lock_verdict(board, 1).locked
        assert lock_verdict(board, 2).locked == called_by_mixture(board, 2)
        called.append(mixture)
    assert called[0] < called[-1]


def test_made_up_votes_have_the_ties_and_the_scores_they_should() -> None:
    strengths = np.array([0.8, 0.0, -0.8])
    tally = Tally.empty(3)
    Contest(strengths).play(np.random.default_rng(1), tally, 300_000, uniform_probabilities(3))
    for votes in (tally, cast(np.random.default_rng(1), strengths, 300_000)):
        assert fit(votes).strengths == pytest.approx(strengths, abs=0.01)
    assert tally.counts[:, :, 2].sum() == pytest.approx(90_000, rel=0.01)


def test_many_voters_with_tastes_lead_to_the_strengths_at_large() -> None:
    strengths = np.array([1.2, 0.1, -1.3])
    ballots = cast(np.random.default_rng(2), strengths, 300_000, Voters(300_000, taste=1.0))
    assert fit(ballots).strengths == pytest.approx(strengths_at_large(strengths, 1.0), abs=0.015)


def test_voters_share_the_votes_as_said() -> None:
    assert Voters(3, 1.0).shares() == pytest.approx([6 / 11, 3 / 11, 2 / 11])
    assert np.log(Voters(3, spread=2.0).shares()[2] / Voters(3, spread=2.0).shares()[1]) == pytest.approx(2 * 0.967422)
