"""A reload or a lost socket costs nothing: the rest comes exactly, tick for tick."""

import asyncio
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from websockets.exceptions import ConnectionClosed

from arena import replay
from tests.visitor import prompted, receive, send, texts, until_ended

LONG = "!words=40 !delay=0.03"
WHOLE = " ".join(f"word{n}" for n in range(40))


@pytest.mark.parametrize("seen", [0, 1, 4, 9])
def test_a_cut_socket_gets_exactly_the_ticks_after_the_last_it_saw(visitor, seen):
    duel = visitor.start()
    before = []
    with duel.socket() as socket:
        send(socket, {"type": "prompt", "text": LONG})
        while sum(frame["type"] == "token" for frame in before) < seen:
            before.append(receive(socket))
    with duel.socket() as socket:
        send(socket, {"type": "resume", "after": seen})
        after = until_ended(socket)
    tokens = [frame for frame in before + after if frame["type"] == "token"]
    assert [frame["tick"] for frame in tokens] == list(range(1, len(tokens) + 1))
    assert texts(tokens) == {"a": WHOLE, "b": WHOLE}
    state = duel.state()["turns"][0]
    assert (state["a"], state["b"]) == (WHOLE, WHOLE)


def forget_the_replay(battle):
    """As a restart of the site, or of Redis, does."""
    if settings.REDIS_URL:
        redis.Redis.from_url(settings.REDIS_URL).delete(f"replay:{battle}")
    else:
        for one in replay._replays.values():
            one.shelves.clear()


def test_a_reload_after_the_end_gets_the_same_ticks_from_the_database(visitor):
    duel = visitor.start()
    live = duel.ask(LONG) + duel.ask("and then")
    forget_the_replay(duel.id)
    for after in (0, 5, len(live)):
        with duel.socket() as socket:
            send(socket, {"type": "resume", "after": after})
            again = until_ended(socket)
        assert [frame for frame in again if frame["type"] == "token"] == [
            frame for frame in live if frame["type"] == "token" and frame["tick"] > after
        ]
        assert again[-1] == {"type": "ready"}


def test_a_second_resume_on_one_socket_starts_over(visitor):
    duel = visitor.start()
    duel.ask("one two three")
    with duel.socket() as socket:
        for _ in range(2):
            send(socket, {"type": "resume", "after": 0})
            assert texts(until_ended(socket))["a"] == "one two three"


def test_a_follow_up_after_a_reload_streams_on(visitor):
    duel = visitor.start()
    first = duel.ask("one two")
    last = max(frame["tick"] for frame in first if frame["type"] == "token")
    with duel.socket() as socket:
        send(socket, {"type": "resume", "after": last})
        assert until_ended(socket)[-1]["type"] == "ready"
        prompted(socket, "three")
        frames = until_ended(socket)
    assert texts(frames) == {"a": "three", "b": "three"}
    assert frames[0]["tick"] == last + 1


def test_a_resume_while_a_follow_up_streams_tells_no_end_of_the_turn_before(visitor):
    duel = visitor.start()
    first = duel.ask("one two")
    with duel.socket() as socket:
        prompted(socket, LONG)
        receive(socket)
    with duel.socket() as socket:
        send(socket, {"type": "resume", "after": 0})
        frames = until_ended(socket)
    assert texts(frames) == {"a": f"{texts(first)['a']}{WHOLE}", "b": f"{texts(first)['b']}{WHOLE}"}
    assert [frame["type"] for frame in frames[-3:]] == ["done", "done", "ready"]
    assert [frame["type"] for frame in frames].count("done") == 2


def test_what_was_shown_leaves_the_memory_by_itself(monkeypatch):
    monkeypatch.setattr(replay, "KEEP_SECONDS", 0.2)

    async def show_and_wait():
        shelf = replay.MemoryReplay()
        await shelf.append(uuid4(), replay.Piece(1, 1, "token", "said"))
        assert shelf.shelves
        await asyncio.sleep(0.6)
        return len(shelf.shelves)

    assert asyncio.run(show_and_wait()) == 0


def test_a_watch_that_breaks_closes_the_socket_so_that_the_page_comes_back(visitor, monkeypatch):
    async def broken(*_args):
        raise RuntimeError("the shelf is gone")

    duel = visitor.start()
    duel.ask("hello")
    for kind in (replay.MemoryReplay, replay.RedisReplay):
        monkeypatch.setattr(kind, "read", broken)
    with duel.socket() as socket:
        send(socket, {"type": "resume", "after": 0})
        with pytest.raises(ConnectionClosed):
            list(socket)
    assert socket.close_code == 1011
    monkeypatch.undo()
    with duel.socket() as socket:
        send(socket, {"type": "resume", "after": 0})
        assert until_ended(socket)[-1] == {"type": "ready"}
