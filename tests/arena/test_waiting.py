"""More people ask than the workers can answer: they wait in order, know how long, and lose nothing by a reload."""

import asyncio
import threading

import pytest
from websockets.exceptions import ConnectionClosed

from arena import battles
from arena.models import Battle, Turn
from arena.stage import stage
from inference.line import open_lines
from inference.models import Worker
from inference.standin import Standin
from tests.faults.stack import Redis
from tests.servers import wait_until
from tests.visitor import prompted, receive, send, texts, until_ended


@pytest.fixture
def one_place(site):
    """One pair can be drawn, and its models answer one question at a time. After the site's first probe."""
    Worker.objects.exclude(entry__slug__in=["alder", "birch"]).update(healthy=False)
    Worker.objects.update(slots=1)


@pytest.fixture
def own_redis(settings, tmp_path):
    """A Redis that may be stopped, for the site that starts after it."""
    redis = Redis(tmp_path)
    redis.start()
    settings.REDIS_URL = redis.url
    yield redis
    redis.stop()


def speak_on(socket):
    """Ask for words that end only when the visitor stops them."""
    prompted(socket, "!endless !delay=5")
    while receive(socket)["type"] != "token":
        pass


def stopped(socket):
    send(socket, {"type": "stop"})
    return until_ended(socket)[-1]["type"] == "ready"


def until_queued(socket, place):
    while (frame := receive(socket)) != {"type": "queued", "place": place, "seconds": frame.get("seconds")}:
        assert frame["type"] in {"asked", "queued"}, frame
    assert frame["seconds"] >= 1
    return frame


def test_who_waits_is_served_in_order_keeps_the_place_through_a_reload_and_may_leave(one_place, newcomer, worker):
    first, second, third = (newcomer().start() for _ in range(3))
    with first.socket() as speaking, second.socket() as waiting, third.socket() as last:
        speak_on(speaking)
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
            assert stopped(speaking)
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
        speak_on(speaking)
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
        assert stopped(speaking)
        assert texts(until_ended(waiting)) == {"a": "again", "b": "again"}


def test_a_closed_tab_frees_its_place_at_once(one_place, newcomer, settings):
    settings.ABANDON_SECONDS = 3600  # who is only not heard of has the place for so long
    first, second, third = (newcomer().start() for _ in range(3))
    with first.socket() as speaking, third.socket() as last:
        speak_on(speaking)
        with second.socket() as waiting:
            prompted(waiting, "one")
            until_queued(waiting, 1)
            prompted(last, "two")
            until_queued(last, 2)
        until_queued(last, 1)
        assert not Turn.objects.filter(battle=second.id).exists()
        assert Battle.objects.get(id=second.id).state == "open"
        assert stopped(speaking)
        assert texts(until_ended(last)) == {"a": "two", "b": "two"}


def test_who_waits_in_a_process_that_drains_comes_back_to_the_same_place(one_place, newcomer):
    first, second, third = (newcomer().start() for _ in range(3))
    with first.socket() as speaking:
        speak_on(speaking)
        with second.socket() as waiting, third.socket() as last:
            prompted(waiting, "one")
            until_queued(waiting, 1)
            prompted(last, "two")
            until_queued(last, 2)
            stage.draining = True
            try:
                assert (closed_with(waiting), closed_with(last)) == (1012, 1012)
            finally:
                stage.draining = False
        with third.socket() as last, second.socket() as waiting:
            for socket in (last, waiting):
                send(socket, {"type": "resume", "after": 0})
            wait_until(lambda: sum(len(one.waiters) for one in open_lines()) == 2)
            assert stopped(speaking)
            assert texts(until_ended(waiting)) == {"a": "one", "b": "one"}
            assert texts(until_ended(last)) == {"a": "two", "b": "two"}
    served = Turn.objects.order_by("started_at").values_list("battle_id", flat=True)
    assert [str(battle) for battle in served] == [first.id, second.id, third.id]


def closed_with(socket):
    with pytest.raises(ConnectionClosed) as closed:
        until_ended(socket)
    return closed.value.rcvd.code


class Held(Standin):
    """Begins to speak when the test lets it."""

    def __init__(self):
        super().__init__()
        self.may_speak = threading.Event()

    async def _speak(self, request, send):
        while not self.may_speak.is_set():  # noqa: ASYNC110  told from another thread
            await asyncio.sleep(0.02)
        await super()._speak(request, send)


def test_who_waits_when_redis_goes_away_is_answered_all_the_same(own_redis, one_place, newcomer, latest_standin):
    latest_standin[0][:] = [held := Held()]
    first, second = (newcomer().start() for _ in range(2))
    with first.socket() as speaking, second.socket() as waiting:
        prompted(speaking, "one")
        wait_until(lambda: held.open_streams == 2)
        prompted(waiting, "two")
        until_queued(waiting, 1)
        own_redis.stop()
        held.may_speak.set()
        assert texts(until_ended(speaking)) == {"a": "one", "b": "one"}
        assert texts(until_ended(waiting)) == {"a": "two", "b": "two"}


def test_who_comes_when_the_line_is_full_is_told_when_to_come_back(one_place, newcomer, settings):
    settings.LINE_PLACES = 1
    first, second, third = (newcomer().start() for _ in range(3))
    with first.socket() as speaking, second.socket() as waiting, third.socket() as late:
        speak_on(speaking)
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
        assert stopped(speaking)
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
