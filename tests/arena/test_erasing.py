"""What was said can be erased, at once by its visitor and after a while by itself; what was decided stays."""

import json
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
import redis
from django.conf import settings as site_settings
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from arena import replay
from arena.battles import Shown, end_turn
from arena.models import Battle, Report, Side, Turn, TurnState, Vote
from arena.tasks import erase_old
from leaderboard.export import export_round
from leaderboard.fold import fold
from tests.arena.test_gates import in_thread
from tests.conftest import ROOT
from tests.servers import wait_until
from tests.visitor import Duel, receive, send, until_ended


def erase(visitor) -> int:
    answer = visitor.post("/visitor/erase")
    assert answer.status_code == 200, answer.text
    return answer.json()["erased"]


def text_left(visitor) -> list[str]:
    """Every word of the visitor's that a row or a shelf still holds."""
    turns = Turn.objects.filter(battle__in=[duel.id for duel in visitor.duels])
    rows = turns.values_list("prompt", "reply_a", "reply_b", "ticks")
    words = [json.dumps(field) for row in rows for field in row if field]
    words += Report.objects.exclude(text="").values_list("text", flat=True)
    return words + [piece for duel in visitor.duels for piece in on_the_shelf(duel)]


def on_the_shelf(duel) -> list[str]:
    if site_settings.REDIS_URL:
        store = redis.Redis.from_url(site_settings.REDIS_URL, decode_responses=True)
        return [fields["text"] for _, fields in store.xrange(f"replay:{duel.id}") if fields["kind"] == "token"]
    shelves = [one.shelves for one in replay._replays.values()]
    return [
        piece.text
        for shelf in shelves
        for battle, kept in shelf.items()
        if str(battle) == duel.id
        for piece in kept.pieces
        if piece.kind == "token"
    ]


@pytest.fixture
def talker(visitor):
    """A visitor who has voted on one battle, left one open, seen one fail, and reported an answer."""
    visitor.duels = [visitor.start() for _ in range(3)]
    voted, open_, void = visitor.duels
    for duel in (voted, open_):
        duel.ask("the secret question")
        duel.ask("and the next")
    void.ask("!empty secret")
    visitor.post(f"/battles/{voted.id}/report", {"side": "a", "text": "A secret was told."})
    assert voted.vote("a").json()["counted"]
    return visitor


def test_a_visitors_words_are_gone_at_once_from_rows_and_shelves(talker, newcomer):
    stranger = newcomer()
    other = stranger.start()
    other.ask("mine to keep")
    assert len(text_left(talker)) > 10
    assert erase(talker) == 3
    assert text_left(talker) == []
    assert Turn.objects.filter(erased_at=None).count() == 1
    assert other.state()["turns"][0]["prompt"] == "mine to keep"
    assert Report.objects.get().side == "a"


def test_erasing_again_finds_nothing(talker):
    assert [erase(talker), erase(talker)] == [3, 0]


def test_what_was_decided_stays(talker):
    before = list(Vote.objects.values())
    turns = Turn.objects.order_by("id").values_list("state", "fault", "fault_side", "first_tick", "ended_at")
    old = list(turns)
    erase(talker)
    assert list(Vote.objects.values()) == before
    voted, open_, void = (Battle.objects.get(id=duel.id).state for duel in talker.duels)
    assert (voted, open_, void) == ("voted", "void", "void")
    new = list(turns.all())
    assert new[3][:3] == ("void", "erased", "")  # the last turn of the open one
    assert [*new[:3], *new[4:]] == [*old[:3], *old[4:]]


def files_of(contest, folder) -> list[bytes]:
    return [file.read_bytes() for file in export_round(contest, folder)]


def refitted(ballots) -> bytes:
    command = [sys.executable, "-m", "rating", "fit", str(ballots), "--json"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout


def test_boards_exports_and_what_an_outsider_computes_are_the_same_bytes(talker, contest, tmp_path):
    # With the one before seven votes, of which no pair has more than two: a chain of them joins all four entries.
    for winner in ("b", "tie", "both_bad") * 2:
        duel = talker.start()
        duel.ask("hi")
        assert duel.vote(winner).json()["counted"]
    fold(contest)
    before = files_of(contest, tmp_path / "before")
    board = talker.http.get("/api/v1/board").content
    erase(talker)
    fold(contest)
    assert files_of(contest, tmp_path / "after") == before
    assert talker.http.get("/api/v1/board").content == board
    assert refitted(tmp_path / "after" / "ballots.jsonl.gz") == refitted(tmp_path / "before" / "ballots.jsonl.gz")


def test_a_vote_that_was_not_counted_yet_counts_after_its_text_is_gone(talker, contest):
    erase(talker)
    assert fold(contest).votes == 1


def test_erasing_gives_no_vote_back(visitor, contest):
    contest.gate.terms.update(voter_cap=1)
    for counted in (True, False):
        duel = visitor.start()
        duel.ask("hi")
        assert duel.vote("a").json()["counted"] is counted
        erase(visitor)
    assert visitor.http.get("/visitor").json()["counted"] == 1


def test_an_erased_battle_is_told_as_what_it_is(talker):
    receipts = talker.duels[0].vote("a").content
    erase(talker)
    voted, open_, _ = (duel.state() for duel in talker.duels)
    assert (voted["erased"], voted["state"], voted["message"]) == (True, "voted", None)
    assert set(voted["names"]) == {"a", "b"}
    assert [(turn["prompt"], turn["a"], turn["b"]) for turn in voted["turns"]] == [("", "", "")] * 2
    assert (open_["erased"], open_["state"], open_["votable"], open_["turns_left"]) == (True, "void", False, 0)
    assert "has been deleted" in open_["message"]
    assert talker.duels[0].vote("a").content == receipts
    assert talker.duels[1].vote("a").json()["code"] == "battle_void"
    report = talker.post(f"/battles/{talker.duels[0].id}/report", {"side": "a", "text": "again"})
    assert (report.status_code, report.json()["code"]) == (409, "nothing_to_report")


def test_a_socket_that_comes_back_to_an_erased_battle_is_told(talker):
    erase(talker)
    with talker.duels[1].socket() as socket:
        send(socket, {"type": "resume", "after": 0})
        frame = receive(socket)
        assert (frame["type"], "has been deleted" in frame["message"]) == ("void", True)
        send(socket, {"type": "prompt", "text": "go on"})
        assert receive(socket)["code"] == "battle_void"
    with talker.duels[0].socket() as socket:
        send(socket, {"type": "resume", "after": 0})
        assert [frame["type"] for frame in until_ended(socket)] == ["done", "done", "ready"]


def test_every_open_tab_of_a_battle_is_told(talker):
    duel: Duel = talker.duels[1]
    with duel.socket() as one, duel.socket() as other:
        for socket in (one, other):
            send(socket, {"type": "resume", "after": 0})
            assert until_ended(socket)[-1]["type"] == "ready"
        erase(talker)
        assert {receive(socket)["type"] for socket in (one, other)} == {"void"}


def test_a_turn_that_streams_is_stopped_and_keeps_nothing(visitor, worker):
    visitor.duels = [duel] = [visitor.start()]
    with duel.socket() as socket:
        send(socket, {"type": "prompt", "text": "!endless !delay=0.02 secret"})
        while receive(socket)["type"] != "token":
            pass
        assert erase(visitor) == 1
        last = until_ended(socket)[-1]
        assert (last["type"], "has been deleted" in last["message"]) == ("void", True)
        wait_until(lambda: worker.app.open_streams == 0)
    assert worker.app.hung_up == 2
    turn = Turn.objects.get()
    assert (turn.state, turn.fault, Battle.objects.get().state) == ("void", "erased", "void")
    assert text_left(visitor) == []
    assert visitor.start().ask("a new one")[-1]["type"] == "ready"


def test_erasing_amid_prompts_stops_and_votes_breaks_none_of_them(newcomer):
    visitor, ended, receipts = newcomer(), [], []

    def talk():
        for _ in range(4):
            duel = visitor.start()
            ended.append(duel.ask("!words=3 !delay=0.02")[-1]["type"])
            receipts.append(duel.vote("a").status_code)

    talkers = [threading.Thread(target=talk) for _ in range(4)]
    for thread in talkers:
        thread.start()
    while any(thread.is_alive() for thread in talkers):
        erase(visitor)
    erase(visitor)
    assert len(receipts) == len(ended) == 16
    assert set(ended) <= {"ready", "void", "refused"}
    assert set(receipts) <= {201, 409}
    assert Vote.objects.count() == receipts.count(201) == Battle.objects.filter(state="voted").count()
    assert not Turn.objects.filter(erased_at=None).exists()
    assert not Battle.objects.filter(state="open").exists()


def test_a_turn_that_ends_while_its_battle_is_being_erased_waits_and_keeps_nothing(visitor):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one writer in at a time")
    duel, now, kept = visitor.start(), timezone.now(), []
    turn = Turn.objects.create(battle_id=duel.id, number=1, prompt=[{"type": "text", "text": "hi"}])
    shown = Shown()
    shown.add({Side.A: "too late", Side.B: ""})
    with transaction.atomic():
        Battle.objects.select_for_update().get(id=duel.id)
        ending = in_thread(lambda: kept.append(end_turn(turn.pk, TurnState.VOID, shown, fault="broken")))
        ending.join(timeout=0.3)
        Turn.objects.filter(pk=turn.pk).update(prompt=[], state="void", ended_at=now, erased_at=now)
    ending.join()
    assert kept == [False]
    assert Turn.objects.get().reply_a == []


def test_an_eraser_that_comes_second_goes_on_with_the_rest(talker, monkeypatch):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one writer in at a time")
    monkeypatch.setattr("arena.erasing.BATCH", 1)
    first, erased = Battle.objects.order_by("id").first(), []
    with transaction.atomic():
        Battle.objects.select_for_update().get(id=first.id)
        second = in_thread(lambda: erased.append(erase(talker)))
        second.join(timeout=0.5)
        first.turns.update(prompt=[], reply_a=[], reply_b=[], ticks=[], erased_at=timezone.now())
    second.join()
    assert erased == [2]
    assert not Turn.objects.filter(erased_at=None).exists()


def test_the_database_refuses_text_in_an_erased_turn(talker):
    erase(talker)
    turns = Turn.objects.filter(battle_id=talker.duels[0].id)
    for field in ("prompt", "reply_a", "reply_b", "ticks"):
        with pytest.raises(IntegrityError), transaction.atomic():
            turns.update(**{field: [{"type": "text", "text": "back"}]})
    with pytest.raises(IntegrityError), transaction.atomic():
        turns.filter(number=2).update(state="streaming", ended_at=None)


def test_erasing_needs_the_cookie_and_the_token(talker):
    assert talker.http.post("/visitor/erase").json()["code"] == "csrf"
    assert talker.http.get("/visitor/erase").status_code == 405
    del talker.http.cookies["visitor"]
    assert talker.post("/visitor/erase").json()["code"] == "no_visitor"
    assert not Turn.objects.exclude(erased_at=None).exists()


def aged(duel, days: int) -> None:
    Turn.objects.filter(battle_id=duel.id).update(started_at=timezone.now() - timedelta(days=days, minutes=1))


def test_text_is_erased_after_its_time_and_not_a_day_before(talker, settings):
    settings.RETENTION_DAYS = 30
    for duel, days in zip(talker.duels, (30, 29, 31), strict=True):
        aged(duel, days)
    for _ in range(2):
        erase_old()
        assert [duel.state()["erased"] for duel in talker.duels] == [True, False, True]
    assert Vote.objects.count() == 1
    assert Report.objects.get().text == ""


def test_a_conversation_ages_as_a_whole_from_its_first_words(talker):
    Turn.objects.filter(battle_id=talker.duels[1].id, number=1).update(started_at=timezone.now() - timedelta(days=40))
    erase_old()
    assert talker.duels[1].state()["state"] == "void"
    assert not Turn.objects.filter(battle_id=talker.duels[1].id, erased_at=None).exists()


def test_old_text_goes_in_bounded_batches(talker, monkeypatch):
    monkeypatch.setattr("arena.erasing.BATCH", 2)
    for duel in talker.duels:
        aged(duel, 50)
    with CaptureQueriesContext(connection) as queries:
        erase_old()
    assert len([query for query in queries if "LIMIT 2" in query["sql"]]) == 3  # two, one, and none
    assert not Turn.objects.filter(erased_at=None).exists()


def test_a_battle_that_streams_is_left_for_the_next_hour(visitor):
    duel = visitor.start()
    duel.ask("long ago")
    aged(duel, 50)
    with duel.socket() as socket:
        send(socket, {"type": "prompt", "text": "!words=10 !delay=0.05"})
        while receive(socket)["type"] != "token":
            pass
        erase_old()
        assert until_ended(socket)[-1] == {"type": "ready"}
    assert duel.state()["erased"] is False
    assert duel.vote("a").status_code == 201
    erase_old()
    assert duel.state()["erased"] is True


def test_old_text_is_found_by_an_index(talker):
    if connection.vendor != "postgresql":
        pytest.skip("the planner of PostgreSQL says what it uses")
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")  # a table this small is read whole
        cursor.execute("EXPLAIN SELECT battle_id FROM arena_turn WHERE erased_at IS NULL AND started_at < now()")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "turn_text_by_age" in plan
