"""A frozen board is one stored edition, served everywhere byte by byte, while votes go on and count."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone, translation

from arena.models import Gate, Pairing, Vote
from leaderboard import exposure as audit
from leaderboard.amending import CannotAmend, amend_round
from leaderboard.boards import board
from leaderboard.editions import newest, served
from leaderboard.export import export_round
from leaderboard.models import Actor, Round, RoundState
from leaderboard.rounds import close_round
from leaderboard.states import move
from leaderboard.tasks import fold_open_rounds
from tests.conftest import make_contest
from tests.leaderboard.test_closing import decide
from tests.leaderboard.test_folding import cast
from tests.visitor import receive

PUBLIC = (
    "/api/v1/board",
    "/api/v1/board?series=round-1",
    "/api/v1/board?category=other",
    "/board?category=style",
    "/api/v1/entries/alder/history",
    "/api/v1/rounds/1/exposure",
    "/api/v1/board?category=ko",
    "/board",
    "/board?category=ko",
    "/board?series=round-1",
    "/entries/dogwood",
    "/rounds/1/exposure",
    "/rounds/1/figures",
    "/api/v1/rounds/1/win-rates",
    "/api/v1/rounds/1/days",
    "/api/v1/rounds/1/ranks",
    "/rounds/1/rules",
    "/api/v1/rounds/1/rulebook",
)


# What differs with every look at a page: the form's token, and the time that is left.
PASSING = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"|<span role="timer".*?</span>')


@pytest.fixture(autouse=True)
def counted_anew(monkeypatch):
    """Nothing stands still only because it is kept for a while."""
    monkeypatch.setattr(audit, "KEPT_SECONDS", 0)


@pytest.fixture
def contest(transactional_db, worker):
    """A round whose board freezes a day before its end, with votes on record."""
    return make_contest(worker, 4, freeze_hours=24)


def go(contest, to, **options):
    return move(contest, to, by=Actor.COMMAND, reason="As agreed.", **options)


def all_public(visitor):
    """What everybody is shown, byte by byte, with what says whether it has changed."""
    answers = [visitor.http.get(path) for path in PUBLIC]
    assert {answer.status_code for answer in answers} == {200}
    return [(PASSING.sub(b"", answer.content), answer.headers.get("etag")) for answer in answers]


def sent_to_newcomers(visitor):
    with visitor.socket("/ws/board?series=round-1") as socket:
        return receive(socket)


def test_the_frozen_board_stays_byte_identical_while_votes_go_on(visitor, contest, tmp_path):
    decide(contest)
    go(contest, RoundState.FROZEN)
    before, told = all_public(visitor), sent_to_newcomers(visitor)
    files = [file.read_bytes() for file in export_round(contest, tmp_path / "before")]
    steering = Pairing.objects.values().get()
    for n in range(30):
        cast(contest, "dogwood", "alder", "a")
        if n % 10 == 9:
            fold_open_rounds()
    assert all_public(visitor) == before
    assert sent_to_newcomers(visitor) == told
    assert [file.read_bytes() for file in export_round(contest, tmp_path / "after")] == files
    assert Pairing.objects.values().get() == steering
    assert told["round"]["state"] == "frozen"
    assert told["votes"] == 60
    assert (served(contest.series).votes, newest(contest.series).votes) == (60, 90)
    assert (board()["votes"], board(live=True)["votes"]) == (60, 90)


def test_an_open_socket_hears_of_the_freeze_and_the_close_and_of_no_movement(visitor, contest):
    decide(contest)
    with visitor.socket("/ws/board?series=round-1") as socket:
        receive(socket)
        go(contest, RoundState.FROZEN)
        frozen = receive(socket)
        cast(contest, "dogwood", "alder", "a")
        fold_open_rounds()
        go(contest, RoundState.CLOSED)
        closed = receive(socket)
        assert closed == frozen | {"round": closed["round"]}
        assert (frozen["round"].pop("state"), closed["round"].pop("state")) == ("frozen", "closed")
        assert closed == frozen
        go(contest, RoundState.TALLIED)
        assert receive(socket)["votes"] == 60
        go(contest, RoundState.PROVISIONAL)
        assert receive(socket)["votes"] == 61


def test_a_vote_before_the_freeze_tells_names_and_one_after_it_does_not(visitor, contest):
    first, second = visitor.start(), visitor.start()
    first.ask("hi")
    second.ask("hi")
    early = first.vote("a")
    assert early.json()["names"]
    go(contest, RoundState.FROZEN)
    late = second.vote("a")
    assert late.json()["names"] is None
    assert late.json()["counted"]
    # Asked for again, a receipt is what it was.
    assert (first.vote("a").content, second.vote("a").content) == (early.content, late.content)
    assert first.state()["names"]
    assert second.state()["names"] is None
    go(contest, RoundState.CLOSED)
    assert second.state()["names"] is None
    decide(contest, games=4)
    go(contest, RoundState.TALLIED)
    go(contest, RoundState.PROVISIONAL)
    assert second.state()["names"]
    assert second.vote("a").content == late.content


def test_no_vote_tells_names_after_the_freeze_though_no_beat_has_frozen_the_board(visitor, contest):
    early, late = visitor.start(), visitor.start()
    early.ask("hi")
    late.ask("hi")
    assert early.vote("a").json()["names"]
    assert Gate.objects.get().freezes_at == contest.freezes_at
    Gate.objects.update(freezes_at=timezone.now() - timedelta(seconds=2))
    answer = late.vote("a")
    assert answer.json()["names"] is None
    assert late.state()["names"] is None
    assert Round.objects.get().state == RoundState.OPEN
    go(contest, RoundState.FROZEN)
    assert (late.vote("a").content, late.state()["names"]) == (answer.content, None)


def test_the_gate_knows_another_freeze_when_the_end_or_the_rules_move_it(contest):
    go(contest, RoundState.OPEN, ends_at=contest.ends_at + timedelta(days=2))
    moved = Gate.objects.get().freezes_at
    assert moved == contest.freezes_at + timedelta(days=2)
    amend_round(contest, {"freeze_hours": 12}, reason="A day was long.")
    assert Gate.objects.get().freezes_at == moved + timedelta(hours=12)
    amend_round(contest, {"freeze_hours": 0}, reason="No freeze at all.")
    assert Gate.objects.get().freezes_at is None


def test_the_result_shows_all_votes_and_the_way_there(visitor, contest):
    decide(contest)
    go(contest, RoundState.FROZEN)
    for _ in range(3):
        cast(contest, "alder", "dogwood", "a")
        fold_open_rounds()
    assert len(visitor.http.get("/api/v1/entries/alder/history").json()["points"]) == 2
    close_round(contest)
    final = visitor.http.get("/api/v1/board?series=round-1").json()
    assert (final["votes"], final["round"]["state"]) == (63, "provisional")
    assert len(visitor.http.get("/api/v1/entries/alder/history").json()["points"]) > 4
    assert visitor.http.get("/api/v1/rounds/1/exposure").json()["votes"] == 63


def test_the_arena_says_that_the_board_is_frozen(visitor, contest):
    assert "data-frozen" not in visitor.http.get("/").text
    go(contest, RoundState.FROZEN)
    page = visitor.http.get("/").text
    assert "data-frozen" in page
    assert f'datetime="{timezone.localtime(contest.ends_at).isoformat()[:16]}' in page


def test_rules_are_not_changed_behind_a_frozen_board(contest):
    go(contest, RoundState.FROZEN)
    with translation.override("en"), pytest.raises(CannotAmend, match="stands still"):
        amend_round(contest, {"cut_size": 2}, reason="Two leave.")


def test_a_frozen_round_that_is_reopened_stays_frozen(visitor, contest):
    decide(contest)
    go(contest, RoundState.FROZEN)
    before = visitor.http.get("/api/v1/board").json()
    cast(contest, "dogwood", "alder", "a")
    go(contest, RoundState.CLOSED)
    go(contest, RoundState.TALLIED)
    soon = timezone.now() + timedelta(hours=2)
    go(contest, RoundState.FROZEN, ends_at=soon)
    after = visitor.http.get("/api/v1/board").json()
    assert after["round"].pop("ends_at") == soon.isoformat()
    del before["round"]["ends_at"]
    assert after == before
    duel = visitor.start()
    duel.ask("hi")
    assert duel.vote("a").json()["names"] is None


def test_what_the_public_has_seen_of_a_result_is_not_hidden_again(contest):
    decide(contest)
    go(contest, RoundState.FROZEN)
    cast(contest, "dogwood", "alder", "a")
    close_round(contest)
    shown = served(contest.series)
    go(contest, RoundState.OPEN, ends_at=timezone.now() + timedelta(days=3))
    assert served(contest.series).number > shown.number
    assert not contest.participations.filter(state="eliminated").exists()
    assert Round.objects.get().state == RoundState.OPEN
    assert Vote.objects.filter(position=None).count() == 0
