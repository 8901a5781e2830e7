"""PostgreSQL goes away under votes and comes back; the web process neither hangs nor needs a restart."""

import os
import threading
import time
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.processes import running_site
from tests.servers import wait_until
from tests.visitor import Visitor, prompted, receive, send, until_ended

pytestmark = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="SQLite does not go away"
)


@pytest.fixture(scope="module")
def busy_site(tmp_path_factory):
    with running_site(tmp_path_factory.mktemp("restart"), models="echo", DATABASE_CONNECTIONS="8") as site:
        yield site


@contextmanager
def without_database(site):
    """The site's database as a stopped server leaves it: every connection cut, every new one refused."""
    name = urlsplit(site.environment["DATABASE_URL"]).path[1:]
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
        finally:
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def at_once(number, work):
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_votes_go_on_after_the_database_came_back(busy_site):
    with closing(Visitor(busy_site.url)) as voter, closing(Visitor(busy_site.url)) as watcher:
        duel = voter.start()
        duel.ask("hello")
        at_once(8, lambda: watcher.http.get("/api/v1/board"))  # the pool is as full as it gets
        with watcher.socket("/ws/board") as board:
            before = receive(board)
            with without_database(busy_site):
                away = duel.vote("a")
                assert (away.status_code, away.json()["code"]) == (503, "site_away")
                assert watcher.http.get("/healthz").status_code == 200
                time.sleep(4)  # longer than any attempt to connect goes on
            wait_until(lambda: duel.vote("a").status_code == 201)
            assert receive(board)["votes"] == before["votes"] + 1


def test_a_cut_connection_costs_nobody_an_answer(busy_site):
    with closing(Visitor(busy_site.url)) as visitor:
        at_once(8, lambda: visitor.http.get("/api/v1/board"))
        with without_database(busy_site):
            pass
        statuses = []
        at_once(8, lambda: statuses.append(visitor.http.get("/api/v1/board").status_code))
        assert statuses == [200] * 8


def test_who_waits_in_the_line_is_answered_though_the_database_is_away(busy_site):
    with (
        psycopg.connect(busy_site.environment["DATABASE_URL"], autocommit=True) as database,
        closing(Visitor(busy_site.url)) as speaker,
        closing(Visitor(busy_site.url)) as waiter,
    ):
        entries = lambda duel: set(  # noqa: E731
            database.execute("SELECT entry_a_id, entry_b_id FROM arena_battle WHERE id = %s", [duel.id]).fetchone()
        )
        database.execute("UPDATE inference_worker SET slots = 1")
        speaking = speaker.start()
        duel = next(duel for duel in iter(waiter.start, None) if entries(duel) & entries(speaking))
        with speaking.socket() as stream, duel.socket() as socket:
            prompted(stream, "!words=2000 !delay=0.05")
            while receive(stream)["type"] != "token":
                pass
            prompted(socket, "hello")
            assert receive(socket)["type"] == "queued"
            with without_database(busy_site):
                send(stream, {"type": "stop"})
                while (frame := receive(socket, timeout=60))["type"] != "token":
                    assert frame["type"] == "queued"
                assert (frame["a"], frame["b"]) == ("hello", "hello")
            assert until_ended(socket)[-1] == {"type": "ready"}
