"""Official lists: one a day, pinned once, also after a night without anybody; the live board is told against them."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client

from leaderboard.boards import board
from leaderboard.export import board_content
from leaderboard.fold import fold
from leaderboard.models import Board, OfficialList
from leaderboard.official import pin_due_lists
from leaderboard.rounds import close_round
from leaderboard.tasks import pin_official_lists
from tests.leaderboard.test_folding import cast

# 24 November, 15:00 UTC, is midnight in Seoul: the 25th begins.
MIDNIGHT = datetime(2026, 11, 24, 15, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def voted(contest, at, *verdicts):
    """A board made at that moment, after these votes."""
    for first, second, winner in verdicts:
        cast(contest, first, second, winner)
    made = fold(contest, anyway=True)
    Board.objects.filter(pk=made.pk).update(created_at=at)
    return made


@pytest.fixture
def begun(contest):
    """The round, as if it had been opened nine hours before that midnight."""
    Board.objects.update(created_at=MIDNIGHT - 9 * HOUR)
    return contest


def listed():
    return [(one.date.isoformat(), one.board.number) for one in OfficialList.objects.select_related("board")]


def test_the_board_of_midnight_becomes_the_list_of_the_day_once(begun):
    voted(begun, MIDNIGHT - HOUR, ("alder", "birch", "a"))
    before = voted(begun, MIDNIGHT - timedelta(seconds=1), ("alder", "birch", "a"))
    voted(begun, MIDNIGHT, ("alder", "birch", "a"))
    pin_due_lists(MIDNIGHT - timedelta(seconds=1))
    assert listed() == []
    for _ in range(2):
        pin_due_lists(MIDNIGHT + HOUR)
    assert listed() == [("2026-11-25", before.number)]


def test_two_workers_at_once_pin_one(begun):
    ready = threading.Barrier(2)

    def work():
        ready.wait()
        pin_due_lists(MIDNIGHT + 2 * DAY)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert listed() == [("2026-11-25", 1), ("2026-11-26", 1), ("2026-11-27", 1)]


def test_midnights_without_anybody_get_the_board_of_then_afterwards(begun):
    first = voted(begun, MIDNIGHT + HOUR, ("alder", "birch", "a"))
    second = voted(begun, MIDNIGHT + DAY + HOUR, ("alder", "birch", "a"))
    voted(begun, MIDNIGHT + 3 * DAY + HOUR, ("alder", "birch", "a"))
    pin_due_lists(MIDNIGHT + 3 * DAY + 2 * HOUR)
    assert listed() == [
        ("2026-11-25", 1),
        ("2026-11-26", first.number),
        ("2026-11-27", second.number),
        ("2026-11-28", second.number),
    ]


@pytest.mark.parametrize("looked", [(1, 2, 5), (5,)], ids=["night after night", "days later"])
def test_a_closed_round_gets_one_more_list_with_its_last_board(begun, looked):
    votes = [("alder", "birch", "a"), ("birch", "cedar", "a"), ("cedar", "dogwood", "a")]
    voted(begun, MIDNIGHT + HOUR, *votes * 2)
    pin_due_lists(MIDNIGHT + 2 * HOUR)
    final = close_round(begun).board
    Board.objects.filter(created_at__gt=MIDNIGHT + HOUR).update(created_at=MIDNIGHT + 3 * HOUR)
    for days in looked:
        pin_due_lists(MIDNIGHT + days * DAY + HOUR)
    assert listed() == [("2026-11-25", 1), ("2026-11-26", final.number)]


def test_the_clock_that_decides_is_the_databases(begun):
    """Beat sends the task; the round was opened on some day before today, by everybody's clock."""
    Board.objects.update(created_at=datetime.now(UTC) - DAY)
    pin_official_lists()
    assert len(listed()) == 1


def test_a_board_tells_what_has_changed_since_the_list(begun, visitor):
    voted(begun, MIDNIGHT - HOUR, ("alder", "birch", "a"), ("birch", "cedar", "a"))
    assert {(row["rank_before"], row["rating_before"]) for row in board()["standings"]} == {(None, None)}
    pin_due_lists(MIDNIGHT + HOUR)
    listed_then = {row["slug"]: row for row in visitor.http.get("/api/v1/lists/2026-11-25").json()["standings"]}
    voted(begun, MIDNIGHT + 2 * HOUR, *[("cedar", "alder", "a")] * 3, ("cedar", "dogwood", "a"))
    found = visitor.http.get("/api/v1/board").json()
    assert found["since"] == "2026-11-25"
    now = {row["slug"]: row for row in found["standings"]}
    assert (now["cedar"]["rank"], now["cedar"]["rank_before"]) == (1, 3)
    assert now["cedar"]["rating_before"] == listed_then["cedar"]["rating"]
    assert (now["dogwood"]["rank_before"], now["dogwood"]["rating_before"]) == (None, None)
    assert board_content(begun, Board.objects.latest("number"))["since"] == "2026-11-25"


def test_lists_are_found_by_their_day(begun, visitor):
    voted(begun, MIDNIGHT - HOUR, ("alder", "birch", "a"))
    pin_due_lists(MIDNIGHT + DAY)
    assert visitor.http.get("/api/v1/lists").json() == {
        "series": "round-1",
        "lists": [{"date": "2026-11-26", "board": 2, "votes": 1}, {"date": "2026-11-25", "board": 2, "votes": 1}],
    }
    first = visitor.http.get("/api/v1/lists/2026-11-25?series=round-1")
    assert (first.json()["number"], first.headers["Cache-Control"]) == (2, "public, max-age=1")
    again = visitor.http.get("/api/v1/lists/2026-11-25", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("lists/2026-11-24", 404, "no_such_list"),
        ("lists/2026-02-30", 400, "bad_request"),
        ("lists/yesterday", 400, "bad_request"),
        ("lists?series=nobody", 404, "no_such_series"),
        ("lists/2026-11-25?series=nobody", 404, "no_such_list"),
    ],
)
def test_a_day_without_a_list_is_refused(begun, visitor, path, status, code):
    pin_due_lists(MIDNIGHT + HOUR)
    answer = visitor.http.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_list_has_its_page_and_the_board_leads_there(begun):
    voted(begun, MIDNIGHT - HOUR, ("alder", "birch", "a"), ("birch", "cedar", "a"), ("cedar", "dogwood", "a"))
    pin_due_lists(MIDNIGHT + HOUR)
    voted(begun, MIDNIGHT + 2 * HOUR, *[("dogwood", "alder", "a")] * 3)
    live = Client().get("/board", headers={"Accept-Language": "en"}).content.decode()
    assert '<option value="2026-11-25">25 November 2026</option>' in live
    assert 'href="?series=round-1&amp;date=2026-11-25">since the official list of 25 November 2026</a>' in live
    assert ">▲3</span>" in live
    assert ">Up 3</span>" in live
    page = Client().get("/board?series=round-1&date=2026-11-25", headers={"Accept-Language": "en"}).content.decode()
    for said in ("Official list of 25 November 2026", "It stays as it is.", ">3 counted votes<", "To the board of now"):
        assert said in page
    assert "data-live" not in page
    for wrong in ("2026-11-26", "yesterday", "2026-02-30", ""):
        assert Client().get(f"/board?date={wrong}").status_code == 404
