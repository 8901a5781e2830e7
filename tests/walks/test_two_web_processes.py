"""Two web processes on PostgreSQL and Redis are one site, and one takes over what the other dropped."""

import os
import signal
import sys
from contextlib import closing

import pytest

from tests.processes import answers, ended_at_last, free_port, running_site
from tests.servers import PATIENCE, wait_until
from tests.visitor import Duel, Visitor, prompted, receive, send, texts, until_ended

pytestmark = pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="one process is the whole site without Redis")


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    with running_site(tmp_path_factory.mktemp("two"), models="echo") as site:
        yield site


@pytest.fixture
def second(first):
    """A second web process of the same site, as production runs them."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "config.asgi:application",
        "--port",
        str(port),
        "--log-level",
        "critical",
    ]
    with ended_at_last(command, first.environment) as process:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url))
        yield url, process


def moved(visitor: Visitor, base: str) -> Visitor:
    """The same device, now talking to another process."""
    other = Visitor(base)
    for name in ("visitor", "csrftoken"):
        del other.http.cookies[name]
        other.http.cookies.set(name, visitor.http.cookies[name])
    return other


def test_a_vote_on_one_moves_the_board_on_the_other(first, second):
    with closing(Visitor(second[0])) as voter, closing(Visitor(first.url)) as watcher:
        duel = voter.start()
        duel.ask("hello")
        with watcher.socket("/ws/board") as board:
            before = receive(board)
            duel.vote("a")
            assert receive(board)["votes"] == before["votes"] + 1


def test_a_stream_is_watched_and_stopped_from_the_other(first, second):
    with closing(Visitor(second[0])) as here:
        duel = here.start()
        with closing(moved(here, first.url)) as there, duel.socket() as socket:
            prompted(socket, "!endless !delay=0.02")
            seen = [receive(socket) for _ in range(4)]
            with Duel(there, duel.id, duel.path).socket() as other:
                send(other, {"type": "resume", "after": 0})
                again = [receive(other) for _ in range(4)]
                send(other, {"type": "stop"})
                again += until_ended(other)
            seen += until_ended(socket)
        assert again == seen
        assert seen[-1] == {"type": "ready"}


def test_a_killed_process_costs_no_shown_word_and_the_turn_is_void(first, second):
    url, process = second
    with closing(Visitor(url)) as here, closing(moved(here, first.url)) as there:
        duel = here.start()
        seen = []
        with duel.socket() as socket:
            prompted(socket, "!words=400 !delay=0.05")
            while len(seen) < 12:
                seen.append(receive(socket))
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=PATIENCE)
        taken_over = Duel(there, duel.id, duel.path)
        with taken_over.socket() as socket:
            send(socket, {"type": "resume", "after": seen[-1]["tick"]})
            seen += until_ended(socket)
        assert seen[-1]["type"] == "void"
        ticks = [frame["tick"] for frame in seen if frame["type"] == "token"]
        assert ticks == list(range(1, len(ticks) + 1))
        state = taken_over.state()
        turn = state["turns"][0]
        assert {"a": turn["a"], "b": turn["b"]} == texts(seen)
        assert (state["state"], turn["state"], turn["prompt"]) == ("void", "void", "!words=400 !delay=0.05")
        assert there.start().ask("again")[-1]["type"] == "ready"


@pytest.fixture
def one_place(first):
    """Two models can be drawn, and each answers one question at a time."""
    first.manage(
        "shell",
        "-c",
        "from inference.draining import drain; from inference.models import DrainCause, Worker;"
        "Worker.objects.update(slots=1); drain(Worker.objects.order_by('entry__slug')[2:], DrainCause.TEAM)",
    )
    yield
    first.manage(
        "shell",
        "-c",
        "from inference.models import Drain, Worker; Worker.objects.update(slots=100); Drain.objects.all().delete()",
    )


def test_places_are_one_for_both_and_who_waited_in_a_killed_process_waits_on_in_the_other(first, second, one_place):
    url, process = second
    with (
        closing(Visitor(first.url)) as speaker,
        closing(Visitor(url)) as here,
        closing(moved(here, first.url)) as there,
    ):
        speaking, duel = speaker.start(), here.start()
        with speaking.socket() as stream:
            prompted(stream, "!words=2000 !delay=0.05")
            while receive(stream)["type"] != "token":
                pass
            with duel.socket() as socket:
                prompted(socket, "hello")
                assert receive(socket)["type"] == "queued"
                process.send_signal(signal.SIGKILL)
                process.wait(timeout=PATIENCE)
            with Duel(there, duel.id, duel.path).socket() as socket:
                send(socket, {"type": "resume", "after": 0})
                queued = receive(socket)
                assert (queued["type"], queued["place"]) == ("queued", 1)
                send(stream, {"type": "stop"})
                until_ended(stream)
                heard = until_ended(socket)
        assert heard[-1] == {"type": "ready"}
        assert texts(heard) == {"a": "hello", "b": "hello"}
