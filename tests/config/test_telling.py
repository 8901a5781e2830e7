"""What a process tells those who run it: log lines with the request and the battle, and measures in private."""

import json
import re
import sys
import threading
from contextlib import closing

import httpx
import pytest

from tests.processes import RunningSite, answers, ended_at_last, free_port
from tests.servers import PATIENCE, wait_until
from tests.visitor import Visitor


@pytest.fixture
def telling(echo_site: RunningSite):
    """A web process that logs JSON and shows its measures: its address, its lines so far, their address."""
    port, private = free_port(), free_port()
    env = {**echo_site.environment, "RUN_CELERY": "false", "LOG_FORMAT": "json", "METRICS_PORT": str(private)}
    env["DRAIN_SECONDS"] = "0"
    command = [sys.executable, "-m", "config.web", "--port", str(port)]
    with ended_at_last(command, env) as process:
        lines: list[str] = []
        threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True).start()
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url))
        yield url, lines, f"http://127.0.0.1:{private}/metrics"


def test_every_line_is_an_object_that_names_its_request_and_battle(telling):
    url, lines, _ = telling
    with closing(Visitor(url)) as visitor:
        duel = visitor.start()
        duel.ask("!die=1 !die=1")
        told = duel.vote("a")
    assert told.status_code == 409
    name = told.headers["X-Request-Id"]
    wait_until(lambda: any(name in line for line in lines))
    known = [json.loads(line) for line in lines if line.startswith("{")]
    (answered,) = [line for line in known if line.get("request") == name]
    assert (answered["method"], answered["status"], answered["battle"]) == ("POST", 409, duel.id)
    assert answered["path"] == f"/battles/{duel.id}/vote"
    # What went wrong with the worker is told under the same battle.
    assert any(line.get("battle") == duel.id and line["level"] == "warning" for line in known)


def test_a_request_id_that_a_visitor_sends_is_not_taken_over(telling):
    url, _, _ = telling
    answer = httpx.get(f"{url}/about", headers={"X-Request-Id": "forged\u002d1"}, trust_env=False, timeout=PATIENCE)
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-Id"])


def test_the_measures_are_at_the_private_port_and_nowhere_else(telling):
    url, _, metrics = telling
    with closing(Visitor(url)) as visitor:
        duel = visitor.start()
        duel.ask("hello")
        duel.vote("tie")
        duel.vote("tie")
        visitor.start().ask("!empty")
    assert httpx.get(f"{url}/board", trust_env=False, timeout=PATIENCE).status_code == 200
    shown = httpx.get(metrics, trust_env=False, timeout=PATIENCE).text
    assert re.search(r'lms_http_answers_total\{method="GET",status="200"\} [1-9]', shown)
    assert "lms_turns_playing 0.0" in shown
    assert 'lms_turns_total{fault="",state="complete"} 1.0' in shown
    assert 'lms_turns_total{fault="speechless",state="void"} 1.0' in shown
    assert 'lms_votes_total{counted="true"} 1.0' in shown
    assert re.search(r'lms_workers_healthy\{entry="hornbeam"\} 1', shown)
    assert httpx.get(f"{url}/metrics", trust_env=False, timeout=PATIENCE).status_code == 404
