"""A round in figures: who beat whom, votes a day, ranks over time; all as far as the served board has come."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from django.core.cache import cache
from django.db.models import F
from django.test import Client
from django.utils import timezone

from arena.ballots import totals
from leaderboard.course import days, ranks
from leaderboard.fold import fold
from leaderboard.models import Actor, Board, Folded, OfficialList, RoundState
from leaderboard.official import pin_due_lists
from leaderboard.rounds import close_round
from leaderboard.states import move
from leaderboard.winrates import win_rates
from rating import share_interval
from tests.conftest import make_contest
from tests.leaderboard.test_folding import cast
from tests.leaderboard.test_pairing import season

MIDNIGHT = datetime(2026, 11, 24, 15, tzinfo=UTC)  # in Seoul: the 25th begins
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def folded_at(contest, at):
    made = fold(contest, anyway=True)
    Board.objects.filter(pk=made.pk).update(created_at=at)
    pin_due_lists(at)


def pair_of(found, first, second):
    return next(pair for pair in found["pairs"] if {pair["first"], pair["second"]} == {first, second})


def test_a_pair_is_told_whichever_side_each_was_on(contest):
    for first, second, winner in (
        ("alder", "birch", "a"),
        ("birch", "alder", "b"),
        ("birch", "alder", "a"),
        ("alder", "birch", "tie"),
        ("alder", "birch", "both_bad"),
        ("birch", "cedar", "a"),
    ):
        cast(contest, first, second, winner)
    cast(contest, "alder", "birch", "b", counted=False)
    fold(contest)
    found = win_rates("1")
    assert [entry["slug"] for entry in found["entries"]][:2] == ["alder", "birch"]
    low, high = share_interval(3, 5)
    assert pair_of(found, "alder", "birch") == {
        "first": "alder", "second": "birch", "votes": 5, "wins": 2, "losses": 1, "ties": 1, "both_bad": 1,
        "rate": 0.6, "low": low, "high": high,
    }  # fmt: skip
    nothing = pair_of(found, "alder", "cedar")
    assert (nothing["votes"], nothing["rate"], nothing["low"], nothing["high"]) == (0, None, 0, 1)


def test_a_sum_made_anew_is_that_of_the_fold(contest, seeded):
    season(contest, seeded, 80)
    fold(contest)
    quick = win_rates("1")
    assert quick["votes"] == sum(pair["votes"] for pair in quick["pairs"]) == 80
    Folded.objects.update(state=b"")
    cache.clear()
    assert win_rates("1") == quick
    assert sum(total.counted for total in totals(contest.gate, upto=80)) == 80


@pytest.fixture
def course(contest):
    """Three days: the opening with a vote, one with two votes of which one is kept only, one with three so far."""
    Board.objects.update(created_at=MIDNIGHT - 9 * HOUR)
    cast(contest, "alder", "birch", "a")
    folded_at(contest, MIDNIGHT - HOUR)
    cast(contest, "birch", "cedar", "a")
    cast(contest, "birch", "cedar", "a", counted=False)
    folded_at(contest, MIDNIGHT + HOUR)
    for _ in range(3):
        cast(contest, "cedar", "alder", "a")
    folded_at(contest, MIDNIGHT + DAY + HOUR)
    return contest


def test_each_day_has_its_votes(course):
    assert days("1")["days"] == [
        {"date": "2026-11-24", "votes": 1, "set_aside": 0},
        {"date": "2026-11-25", "votes": 1, "set_aside": 1},
        {"date": "2026-11-26", "votes": 3, "set_aside": 0},
    ]


def test_days_without_votes_are_told_once_there_are_some_again(course):
    pin_due_lists(MIDNIGHT + 4 * DAY)
    assert len(days("1")["days"]) == 3
    cast(course, "alder", "birch", "a")
    folded_at(course, MIDNIGHT + 4 * DAY + HOUR)
    assert [day["votes"] for day in days("1")["days"]] == [1, 1, 3, 0, 0, 1]


def test_ranks_are_those_of_the_lists_and_of_now(course):
    found = ranks("1")
    points = {
        entry["slug"]: [(point["date"], point["rank"]) for point in entry["points"]] for entry in found["entries"]
    }
    assert points["alder"] == [("2026-11-25", 1), ("2026-11-26", 1), (None, 3)]
    assert points["cedar"] == [("2026-11-25", None), ("2026-11-26", 3), (None, 1)]
    assert found["entries"][0]["slug"] == "cedar"
    now = found["entries"][0]["points"][-1]
    standing = Board.objects.latest("number").standings.get(slug="cedar")
    assert (now["rank_low"], now["rank_high"]) == (standing.rank_low, standing.rank_high)


def test_while_the_board_stands_still_so_do_the_figures(transactional_db, worker):
    contest = make_contest(worker, 4, freeze_hours=24)
    for first, second in combinations(("alder", "birch", "cedar", "dogwood"), 2):
        cast(contest, first, second, "a")
    move(contest, RoundState.FROZEN, by=Actor.COMMAND, reason="Earlier than planned.")
    frozen = [figure("1") for figure in (win_rates, days, ranks)]
    for _ in range(3):
        cast(contest, "dogwood", "alder", "a")
    fold(contest)
    assert [figure("1") for figure in (win_rates, days, ranks)] == frozen
    assert frozen[0]["votes"] == sum(pair["votes"] for pair in frozen[0]["pairs"]) == 6
    midnight_comes(days=1)
    midnight_comes(days=2)
    assert {one.board.votes for one in OfficialList.objects.select_related("board")} == {6}
    assert {one.votes for one in OfficialList.objects.all()} == {9}
    assert [day["votes"] for day in days("1")["days"]] == [6]
    close_round(contest)
    assert win_rates("1")["votes"] == 9
    assert sum(day["votes"] for day in days("1")["days"]) == 9


def midnight_comes(*, days):
    """All that was made so far was made a day earlier, and the lists of the midnights since then are due."""
    Board.objects.update(created_at=F("created_at") - DAY)
    for one in OfficialList.objects.all():
        OfficialList.objects.filter(pk=one.pk).update(date=one.date - DAY)
    pin_due_lists(timezone.now())
    assert OfficialList.objects.count() == days


def test_the_api_tells_them_and_sends_nothing_twice(course, visitor):
    for figure, told in (("win-rates", win_rates), ("days", days), ("ranks", ranks)):
        first = visitor.http.get(f"/api/v1/rounds/1/{figure}")
        assert first.json() == told("1")
        assert first.headers["Cache-Control"] == "public, max-age=1"
        again = visitor.http.get(f"/api/v1/rounds/1/{figure}", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        missing = visitor.http.get(f"/api/v1/rounds/2/{figure}")
        assert (missing.status_code, missing.json()["code"]) == (404, "no_such_round")


def test_many_votes_cost_no_more_queries(contest, django_assert_max_num_queries):
    for _ in range(2):
        for first, second in combinations(("alder", "birch", "cedar", "dogwood"), 2):
            cast(contest, first, second, "a")
        fold(contest)
        with django_assert_max_num_queries(12):
            win_rates("1"), days("1"), ranks("1")


def test_the_page_shows_them_in_both_languages_and_the_board_leads_there(course):
    assert 'href="/rounds/1/figures"' in Client().get("/board").content.decode()
    for language, words in (
        ("en", ("Who beat whom", "5 counted votes", "26 November 2026", "2 <small>(1–3)</small>")),
        ("ko", ("누가 누구를 이겼나", "집계된 투표 5표", "2026년 11월 26일", "하루 투표 수")),
    ):
        page = Client().get("/rounds/1/figures", headers={"Accept-Language": language}).content.decode()
        for said in words:
            assert said in page, said
        assert page.count('<rect class="chart-bar"') == 3
    assert OfficialList.objects.count() == 2
