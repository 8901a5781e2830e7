"""The arithmetic of a round's charts, and of the cells of its matrices."""

import pytest

from frontend import charts, figures


def point(rank, low=None, high=None):
    return {"rank": rank, "rank_low": low or rank, "rank_high": high or rank}


def test_the_highest_bar_is_as_high_as_the_box():
    drawn = charts.bars([5, 0, 10, 20])
    assert drawn.most == 20
    assert drawn.bars == [[2.5, 75, 20, 25], [27.5, 100, 20, 0], [52.5, 50, 20, 50], [77.5, 0, 20, 100]]


@pytest.mark.parametrize("counts", [[], [0, 0]])
def test_without_votes_there_are_no_bars(counts):
    assert charts.bars(counts) is None


def test_ranks_are_steps_with_rank_one_on_top():
    drawn = charts.ranks([point(2, 1, 2), point(1)], 2)
    assert drawn.line == "M0.0 75.0L50.0 75.0L50.0 25.0L100.0 25.0"
    assert drawn.band == "M0.0 5.0L50.0 5.0L50.0 5.0L100.0 5.0L100.0 45.0L50.0 45.0L50.0 95.0L0.0 95.0Z"


def test_without_a_rank_there_is_a_gap():
    drawn = charts.ranks([point(None), point(1), point(None), point(2)], 2)
    assert drawn.line == "M25.0 25.0L50.0 25.0M75.0 75.0L100.0 75.0"


def test_one_point_makes_no_chart():
    assert charts.ranks([point(1)], 2) is None


@pytest.mark.parametrize(("rate", "shade"), [(None, None), (0.0, 0), (0.449, 4), (0.45, 5), (0.55, 6), (1.0, 10)])
def test_a_cell_is_as_dark_as_its_share(rate, shade):
    assert charts.shade(rate) == shade


def test_a_pair_is_turned_round_for_the_other_row():
    pair = {"first": "a", "second": "b", "votes": 4, "wins": 3, "losses": 0, "ties": 1, "both_bad": 0}
    told = {
        "entries": [{"slug": "a", "name": "A"}, {"slug": "b", "name": "B"}],
        "pairs": [pair | {"rate": 0.875, "low": 0.5, "high": 0.97}],
    }
    (nothing, one), (other, _) = (row["cells"] for row in figures.matrix(told))
    assert nothing is None
    assert (one["wins"], one["losses"], one["rate"], one["shade"]) == (3, 0, 87.5, 9)
    assert (other["wins"], other["losses"], other["rate"], other["shade"]) == (0, 3, 12.5, 1)
    assert (other["low"], other["high"]) == (pytest.approx(3), pytest.approx(50))


def test_who_came_later_has_no_rank_on_the_first_lists():
    entries = [
        {"slug": "a", "name": "A", "points": [point(1) | {"date": "2026-11-25"}, point(1) | {"date": None}]},
        {"slug": "b", "name": "B", "points": [point(2) | {"date": None}]},
    ]
    entries.append({"slug": "r", "name": "R", "points": [point(None) | {"date": None}]})  # a reference
    drawn = figures.ranks({"entries": entries})
    assert [entry["chart"].line[:6] for entry in drawn["entries"]] == ["M0.0 2", "M50.0 "]
    assert [[told and told["rank"] for told in row["ranks"]] for row in drawn["table"]] == [[1, 2], [1, None]]
