"""More people ask than the workers can answer: they wait in order, know how long, and lose nothing by a reload."""

import pytest

from arena import battles
from arena.models import Battle, Turn
from inference.models import Worker
from tests.visitor import prompted, receive, send, texts, until_ended

SLOW = "!words=30 !delay=0.05"


@pytest.fixture
def one_place(site):
    """One pair can be drawn, and its models answer one question at a time. After the site's first probe."""
    Worker.objects.exclude(entry__slug__in=["alder", "birch"]).update(healthy=False)
    Worker.objects.update(slots=1)


def until_queued(socket, place):
    while (frame := receive(socket)) != {"type": "queued", "place": place, "seconds": frame.get("seconds")}:
        assert frame["type"] in {"asked", "queued"}, frame
    assert frame["seconds"] >= 1
    return frame


def test_who_waits_is_served_in_order_keeps_the_place_through_a_reload_and_may_leave(one_place, newcomer, worker):
    first, second, third = (newcomer().start() for _ in range(3))
    with first.socket() as speaking, second.socket() as waiting, third.socket() as last:
        prompted(speaking, SLOW)
        prompted(waiting, "one two")
        until_queued(waiting, 1)
        prompted(last, "three")
        until_queued(last, 2)
        assert worker.app.open_streams == 2
        last.close()
        state = third.state()
        assert (state["turns"][0]["state"], state["turns"][0]["prompt"]) == ("waiting", "three")
        with third.socket() as reloaded:
            send(reloaded, {"type": "resume", "after": 0})
            until_queued(reloaded, 2)
            assert until_ended(speaking)[-1]["type"] == "ready"
            heard = until_ended(waiting)
            assert texts(heard) == {"a": "one two", "b": "one two"}
            heard = until_ended(reloaded)
            assert texts(heard) == {"a": "three", "b": "three"}
            places = [frame["place"] for frame in heard if frame["type"] == "queued"]
            assert places == sorted(places, reverse=True)
    assert len(worker.app.requests) == 6


def test_who_leaves_the_line_has_asked_nothing_and_may_ask_again(one_place, newcomer, worker):
    first, second = newcomer().start(), newcomer("ko").start()
    with first.socket() as speaking, second.socket() as waiting:
        prompted(speaking, SLOW)
        prompted(waiting, "one two")
        until_queued(waiting, 1)
        send(waiting, {"type": "stop"})
        left = until_ended(waiting)[-1]
        assert (left["code"], left["message"]) == (
            "left_line",
            "대기열에서 나왔습니다. 질문은 입력란에 다시 넣어 두었습니다.",
        )
        assert second.state()["turns"] == []
        prompted(waiting, "again")
        assert texts(until_ended(waiting)) == {"a": "again", "b": "again"}
        until_ended(speaking)


def test_a_closed_tab_frees_its_place_at_once(one_place, newcomer):
    first, second, third = (newcomer().start() for _ in range(3))
    with first.socket() as speaking, third.socket() as last:
        prompted(speaking, "!words=100 !delay=0.05")
        with second.socket() as waiting:
            prompted(waiting, "one")
            until_queued(waiting, 1)
            prompted(last, "two")
            until_queued(last, 2)
        until_queued(last, 1)
        assert not Turn.objects.filter(battle=second.id).exists()
        assert Battle.objects.get(id=second.id).state == "open"
        send(speaking, {"type": "stop"})
        until_ended(speaking)
        until_ended(last)


def test_who_comes_when_the_line_is_full_is_told_when_to_come_back(one_place, newcomer, settings):
    settings.LINE_PLACES = 1
    first, second, third = (newcomer().start() for _ in range(3))
    with first.socket() as speaking, second.socket() as waiting, third.socket() as late:
        prompted(speaking, SLOW)
        prompted(waiting, "one")
        until_queued(waiting, 1)
        prompted(late, "two")
        assert until_ended(late)[-1]["code"] == "line_full"
        assert third.state()["turns"] == []
        answer = newcomer("ko").post("/battles")
        assert (answer.status_code, answer.json()["code"]) == (503, "line_full")
        assert 5 <= int(answer.headers["Retry-After"]) <= 600
        assert "대기열이 가득 찼습니다" in answer.json()["message"]
        page = newcomer().post("/battles", Accept="text/html")
        assert (page.status_code, "the line is full" in page.text) == (503, True)
        until_ended(speaking)
        until_ended(waiting)


def test_a_turn_whose_process_died_in_the_line_is_served_by_the_next_process(one_place, visitor):
    duel = visitor.start()
    # What a killed process leaves behind.
    Turn.objects.create(battle_id=duel.id, number=1, state="waiting", prompt=[{"type": "text", "text": "hi"}])
    with duel.socket() as socket:
        send(socket, {"type": "resume", "after": 0})
        assert texts(until_ended(socket)) == {"a": "hi", "b": "hi"}
    other = visitor.start()
    turn = Turn.objects.create(battle_id=other.id, number=1, state="waiting", prompt=[])
    Turn.objects.filter(pk=turn.pk).update(waits_at="2026-01-01T00:00Z")
    battles.void_abandoned_turns()
    assert other.state()["turns"] == []


def test_a_model_that_loses_its_last_worker_makes_the_battle_void(one_place, newcomer):
    duel = newcomer().start()
    Worker.objects.filter(entry__slug="birch").update(healthy=False)
    assert duel.ask("hi")[-1]["type"] == "void"
    turn = Turn.objects.get()
    assert turn.fault == "no_worker"
    assert Battle.objects.get().entry(turn.fault_side).slug == "birch"
