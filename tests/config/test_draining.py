"""A web process that is told to end: what streams goes on, nobody new comes in, and then it is gone."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from subprocess import Popen

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.processes import RunningSite, answers, ended_at_last, free_port
from tests.servers import PATIENCE, wait_until
from tests.visitor import NO_TLS, Visitor, receive, send, texts, until_ended


@dataclass
class Web:
    url: str
    process: Popen[str]

    def ready(self) -> int:
        return httpx.get(f"{self.url}/readyz", trust_env=False, verify=NO_TLS, timeout=PATIENCE).status_code


@pytest.fixture
# A database and models are there already: those of the running site, beside which the process runs.
def web(echo_site: RunningSite) -> Iterator[Callable[..., Web]]:
    @contextmanager
    def started(**settings: str) -> Iterator[Web]:
        port = free_port()
        command = [sys.executable, "-m", "config.web", "--port", str(port)]
        with ended_at_last(command, {**echo_site.environment, "RUN_CELERY": "false", **settings}) as process:
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: answers(url))
            yield Web(url, process)

    return started


def test_a_stream_finishes_while_nobody_new_comes_in(web):
    with web() as ending, closing(Visitor(ending.url)) as here:
        assert ending.ready() == 200
        duel, another = here.start(), here.start()
        with duel.socket() as socket, another.socket() as idle:
            send(socket, {"type": "prompt", "text": "!words=60 !delay=0.1"})
            seen = [receive(socket)]
            ending.process.send_signal(signal.SIGTERM)
            wait_until(lambda: ending.ready() == 503)
            with pytest.raises(InvalidStatus, match="403"), another.socket():
                pass
            # Nothing begins here any more: the page comes back elsewhere and asks there.
            send(idle, {"type": "prompt", "text": "too late"})
            assert closed_with(idle) == 1012
            seen += until_ended(socket)
            assert seen[-1] == {"type": "ready"}
            assert texts(seen)["a"] == " ".join(f"word{n}" for n in range(60))
            assert duel.vote("a").status_code == 201
        assert ending.process.wait(timeout=PATIENCE) in {0, -signal.SIGTERM}


def test_a_stream_that_never_ends_is_given_its_time_and_no_more(web):
    with web(DRAIN_SECONDS="1") as ending, closing(Visitor(ending.url)) as here:
        duel = here.start()
        with duel.socket() as socket:
            send(socket, {"type": "prompt", "text": "!endless !delay=0.05"})
            receive(socket)
            ending.process.send_signal(signal.SIGTERM)
            assert ending.process.wait(timeout=PATIENCE) in {0, -signal.SIGTERM}


def test_told_a_second_time_it_ends_at_once(web):
    with web() as ending, closing(Visitor(ending.url)) as here:
        duel = here.start()
        with duel.socket() as socket:
            send(socket, {"type": "prompt", "text": "!endless !delay=0.05"})
            receive(socket)
            ending.process.send_signal(signal.SIGTERM)
            wait_until(lambda: ending.ready() == 503)
            ending.process.send_signal(signal.SIGTERM)
            assert ending.process.wait(timeout=PATIENCE) in {0, -signal.SIGTERM}


def closed_with(socket) -> int:
    """The code with which the server closes, after whatever it still has to say."""
    while True:
        try:
            socket.recv(timeout=PATIENCE)
        except ConnectionClosed as closed:
            return closed.rcvd.code
