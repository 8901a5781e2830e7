"""Totals of weighed components: exact to the last digit, and as uncertain as their parts."""

import json
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating import BadSetting, Component, arena_component, component_told, composite_of, cut_probabilities, fit, rounded
from rating.fitting import ELO_PER_NAT
from tests.rating.test_ranks import drawn_board, made


def decimals(*words: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(word) for word in words)


def component(*scores: str, weight: str = "40", normalisation: Any = "points", **other: Any) -> Component:
    return Component("benchmark", Decimal(weight), decimals(*scores), normalisation, **other)


# Korea's cut of January 2026: the first team's points, and the averages of all five, as announced.
JANUARY = (
    Component("benchmark", Decimal(40), decimals("33.6", "30.4"), "points"),
    Component("experts", Decimal(35), decimals("31.6", "28.56"), "points"),
    Component("users", Decimal(25), decimals("25.0", "20.76"), "points"),
)


def test_the_figures_of_january_2026_add_up_as_announced() -> None:
    totals = composite_of(JANUARY)
    assert totals.totals == (Fraction("90.2"), Fraction("79.72"))
    assert [str(total) for total in totals.printed()] == ["90.2", "79.7"]
    assert [str(total) for total in totals.printed(2)] == ["90.20", "79.72"]
    assert totals.points[1] == (Fraction("31.6"), Fraction("28.56"))
    assert totals.ranks() == (1, 2)
    assert totals.cut_probabilities(1).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("exact", "places", "shown"),
    [
        ("0.25", 1, "0.3"),
        ("0.35", 1, "0.4"),
        ("-0.25", 1, "-0.3"),
        ("-0.04", 1, "0.0"),
        ("79.72", 1, "79.7"),
        ("2.5", 0, "3"),
        ("0.0449", 2, "0.04"),
        ("123456789012345678901234567890.05", 1, "123456789012345678901234567890.1"),
    ],
)
def test_a_half_is_rounded_away_from_zero(exact: str, places: int, shown: str) -> None:
    assert str(rounded(Decimal(exact), places)) == shown
    with localcontext(prec=3):
        assert str(rounded(Fraction(exact), places)) == shown


def test_a_third_is_kept_whole_until_it_is_printed() -> None:
    totals = composite_of([component("1", "2", "0", weight="1", normalisation="share", maximum=Decimal(3))] * 3)
    assert totals.totals == (1, 2, 0)


def test_each_normalisation_does_what_it_says() -> None:
    shared = composite_of([component("50", "25", "0", normalisation="share", maximum=Decimal(100))])
    assert shared.totals == (20, 10, 0)
    stretched = composite_of([component("-3", "1", "0", normalisation="min-max")])
    assert stretched.totals == (0, 40, 30)
    ranked = composite_of([component("7", "9", "7", "1", "8", normalisation="rank")])
    assert ranked.totals == (15, 40, 15, 0, 30)


def test_components_that_tell_nobody_apart_give_all_the_same() -> None:
    assert composite_of([component("5", "5", normalisation="min-max")]).totals == (40, 40)
    assert composite_of([component("5", "5", normalisation="rank")]).totals == (20, 20)


def test_equal_totals_share_a_rank_and_draw_lots() -> None:
    totals = composite_of([component("0.1", "0.3", "0.2"), component("0.2", "0.0", "0.2")])
    assert totals.ranks() == (2, 2, 1)
    assert totals.cut_probabilities(1) == pytest.approx([0.5, 0.5, 0], abs=0.03)


@given(st.lists(st.decimals(0, 40, places=2), min_size=2, max_size=6), st.integers(0, 10**6))
def test_renaming_players_renames_their_totals(scores: list[Decimal], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(scores))
    for normalisation in ("points", "min-max", "rank"):
        plain = composite_of([component(*map(str, scores), normalisation=normalisation)])
        renamed = composite_of([component(*(str(scores[i]) for i in order), normalisation=normalisation)])
        assert renamed.totals == tuple(plain.totals[i] for i in order)


def test_errors_of_points_and_shares_go_through_exactly() -> None:
    covariance = np.array([[4.0, 1.0], [1.0, 9.0]])
    sure = component("10", "20")
    points = composite_of([sure, component("10", "20", covariance=covariance), component("1", "2", covariance=[1, 2])])
    assert points.covariance.tolist() == [[5, 1], [1, 13]]
    share = component("10", "20", normalisation="share", maximum=Decimal(80), covariance=covariance)
    assert composite_of([sure, share]).covariance == pytest.approx(covariance / 4)


def test_errors_of_a_stretched_component_are_those_of_its_place_between_the_ends() -> None:
    # The ends are sure, so that the one between moves by weight / range.
    errors = np.array([0.0, 2.0, 0.0])
    found = composite_of([component("0", "50", "100", normalisation="min-max", covariance=errors)]).covariance
    assert found[1, 1] == pytest.approx((2.0 * 40 / 100) ** 2, rel=0.05)
    assert np.abs(found[[0, 2]]).max() == 0
    level = composite_of([component("5", "5", normalisation="min-max", covariance=[0.0, 0.0])])
    assert level.covariance.tolist() == [[0, 0], [0, 0]]


def test_errors_of_ranks_are_those_of_the_order() -> None:
    # Two equals and one far ahead: each of the two is second or third, half the time.
    found = composite_of([component("0", "0", "999", normalisation="rank", covariance=[1, 1, 1])]).covariance
    assert found[0, 0] == pytest.approx(10**2, rel=0.02)
    assert found[0, 1] == pytest.approx(-(10**2), rel=0.02)
    assert found[2, 2] == 0


def test_an_arena_carries_its_uncertainty_into_the_total() -> None:
    board = fit(drawn_board(np.array([0.3, 0.1, 0.0, -0.2]), 2000, np.random.default_rng(1)))
    arena = arena_component(board, Decimal(100))
    assert [str(score) for score in arena.scores] == [f"{rating:.1f}" for rating in board.ratings()]
    assert arena.covariance == pytest.approx(board.covariance * ELO_PER_NAT**2)
    # Alone, and as the points of a line, an arena cuts as its board does.
    line = Component("arena", Decimal(2000), arena.scores, "points", covariance=arena.covariance)
    assert composite_of([line]).cut_probabilities(1) == pytest.approx(cut_probabilities(board, 1), abs=0.01)
    # A benchmark that sets the last far ahead saves it.
    benchmark = component("0", "0", "0", "1000", weight="1000")
    assert composite_of([benchmark, arena]).cut_probabilities(1)[3] == 0


def test_an_arena_scores_only_those_it_is_about() -> None:
    board = made([1.0, 0.0, -1.0], np.eye(3))
    arena = arena_component(board, Decimal(10), places=0, among=np.array([True, False, True]))
    assert [str(score) for score in arena.scores] == ["1174", "826"]
    assert composite_of([arena]).totals == (10, 0)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (component("1", "2", "3"), "3 scores do not fit 2 players"),
        (component("1", "NaN"), "not a decimal number"),
        (Component("arena", Decimal(1), (0.1, 0.2), "points"), "'arena': 0.1 is not a decimal"),  # type: ignore[arg-type]
        (component("1", "2", weight="0"), "not positive"),
        (component("1", "2", normalisation="softmax"), "'softmax' is no normalisation"),
        (component("1", "41"), "between 0 and 40"),
        (component("1", "-1"), "between 0 and 40"),
        (component("1", "2", maximum=Decimal(3)), "a maximum belongs"),
        (component("1", "2", normalisation="share"), "a maximum belongs"),
        (component("1", "2", normalisation="share", maximum=Decimal(0)), "not a positive decimal"),
        (component("1", "2", normalisation="share", maximum=Decimal(1)), "between 0 and 1"),
        (component("1", "2", covariance=[1.0]), r"of the shape \(2,\) or \(2, 2\)"),
        (component("1", "2", covariance=[1.0, float("nan")]), "must be numbers"),
        (component("1", "2", covariance=[1.0, -1.0]), "not negative"),
        (component("1", "2", covariance=[[1.0, 0.5], [0.0, 1.0]]), "symmetric"),
    ],
)
def test_a_component_that_cannot_be_scored_is_refused_by_name(bad: Component, words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        composite_of([component("1", "2"), bad])


def test_nothing_to_add_up_is_refused() -> None:
    with pytest.raises(BadSetting, match="at least one component"):
        composite_of([])
    with pytest.raises(BadSetting, match="do not fit 0 players"):
        composite_of([component()])
    with pytest.raises(BadSetting, match="no rank among others"):
        composite_of([component("1", normalisation="rank")])
    with pytest.raises(BadSetting, match="decimal places"):
        rounded(Decimal(1), -1)


def test_a_component_is_told_as_json_and_read_again_to_the_last_digit() -> None:
    third = Component("experts", Decimal(35), (Fraction(95, 3), Decimal("31.60")), "points", covariance=[0.1, 1 / 3])
    shared = component("50", "25", normalisation="share", maximum=Decimal(100), covariance=[[4, 1], [1, 9]])
    again = [component_told(json.loads(json.dumps(one.told()))) for one in (third, shared)]
    assert [one.told() for one in again] == [third.told(), shared.told()]
    assert composite_of(again).totals == (Fraction(95, 3) + 20, Fraction("31.6") + 10)
    assert (composite_of(again).covariance == composite_of([third, shared]).covariance).all()
    for bad in ({}, None, third.told() | {"weight": "much"}, third.told() | {"scores": ["1/0"]}):
        with pytest.raises(BadSetting, match="no component"):
            component_told(bad)
