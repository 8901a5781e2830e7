"""The arithmetic of the pictures. src/boardstate.test.ts holds the script to the same examples."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from frontend import plots
from frontend.countdown import left_words

FIGURES = json.loads(Path(__file__).with_name("figures.json").read_text())
EXAMPLES = json.loads(Path(__file__).with_name("plots.json").read_text())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["about"])
def test_a_board_is_drawn_as_its_example_says(example: dict[str, Any]) -> None:
    on = plots.scale(example)
    assert (on and [on.low, on.high]) == example["scale"]
    for rating, percent in example["at"]:
        assert on is not None
        assert on.at(rating) == percent
    assert sorted(plots.below(example)) == example["below"]
    assert plots.tied(example) == example["tied"]
    assert [standing["slug"] for standing in example["standings"] if plots.beside(standing)] == example["beside"]


def test_an_event_lies_between_the_boards_before_and_after_it() -> None:
    noon = datetime(2026, 11, 1, 12, tzinfo=UTC)
    hours = [0, 1, 11]  # boards stand equally far apart, however long ago each was made
    points = [{"at": noon + timedelta(hours=hour), "x": x} for hour, x in zip(hours, (0, 50, 100), strict=True)]
    moments = [-1, 0, 0.5, 1, 6, 11, 99]
    places = [plots.place(points, noon + timedelta(hours=hour)) for hour in moments]
    assert places == [0, 0, 25, 50, 75, 100, 100]


def test_figures_are_said_as_their_examples_say() -> None:
    for chance, said in FIGURES["percent"]:
        assert plots.percent(chance) == said
    for chance, *said in FIGURES["odds"]:
        assert list(plots.odds(chance)) == said
    for outlook, *said in FIGURES["needed"]:
        assert list(plots.needed(outlook)) == said
    for low, high, said in FIGURES["ranks"]:
        assert plots.ranks({"rank_low": low, "rank_high": high}) == said
    for since, now, before, *moved in FIGURES["moved"]:
        assert list(plots.moved({"rank": now, "rank_before": before}, since)) == moved
    forms = {"long": "{days} d {hours} h {minutes} min", "short": "{hours} h {minutes} min {seconds} s"}
    for seconds, said in FIGURES["left"]:
        assert left_words(timedelta(seconds=seconds), **forms) == said
    for rank, rating, before, said in FIGURES["gained"]:
        assert plots.gained({"rank": rank, "rating": rating, "rating_before": before}) == said
    for standing in FIGURES["of_reference"]:
        assert plots.of_reference(standing) == standing["said"]


def point(number: int, rating: float, low: float, high: float) -> dict[str, Any]:
    return {"number": number, "rating": rating, "low": low, "high": high, "rank": 1, "votes": number}


def test_one_board_makes_no_chart() -> None:
    assert plots.chart([point(1, 1000, 900, 1100)], None) is None


def test_a_rating_holds_until_the_next_board() -> None:
    chart = plots.chart([point(1, 1000, 950, 1050), point(2, 1050, 1000, 1099)], 1000.0)
    assert chart is not None
    assert (chart.bottom, chart.top) == (950, 1100)
    assert chart.rating == "M0.0 66.67L100.0 66.67L100.0 33.33"
    assert chart.line == 66.67


def test_the_first_wide_intervals_do_not_squeeze_the_rest() -> None:
    early = [point(1, 1000, 0, 2000), point(2, 1000, 100, 1900)]
    chart = plots.chart([*early, *(point(n, 1010, 990, 1030) for n in range(3, 100))], None)
    assert chart is not None
    assert (chart.bottom, chart.top) == (950, 1050)


@pytest.mark.parametrize("count", [1, 2, 240, 241, 5000])
def test_thinning_keeps_the_first_and_the_last(count: int) -> None:
    points = [point(number, 1000, 900, 1100) for number in range(count)]
    kept = plots.thinned(points, 240)
    assert len(kept) == min(count, 240)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert len({one["number"] for one in kept}) == len(kept)
