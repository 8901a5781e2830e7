"""A web process whose database cannot be reached: it is there, and says so."""

import json
import sys
import threading
from collections.abc import Iterator

import httpx
import pytest

from tests.processes import answers, ended_at_last, free_port
from tests.servers import PATIENCE, wait_until

SAID: list[str] = []


@pytest.fixture(scope="module")
def away(tmp_path_factory) -> Iterator[str]:
    """Its address. Nobody listens at the port where its database should be."""
    port, nobody = free_port(), free_port()
    env = {
        "PATH": "/usr/bin:/bin",
        "DATA_DIR": str(tmp_path_factory.mktemp("away")),
        "DATABASE_URL": f"postgres://lms@127.0.0.1:{nobody}/lms",
        "RUN_CELERY": "false",
        "LOG_FORMAT": "json",
        "DRAIN_SECONDS": "0",
    }
    with ended_at_last([sys.executable, "-m", "config.web", "--port", str(port)], env) as process:
        threading.Thread(target=lambda: SAID.extend(process.stdout or ()), daemon=True).start()
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url))
        yield url


def test_a_person_is_told_in_their_language(away):
    page = httpx.get(f"{away}/board", headers={"Accept": "text/html", "Accept-Language": "ko"}, timeout=PATIENCE)
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "5"
    assert "잠시 후 다시 열립니다" in page.text


def test_a_script_gets_a_refusal_and_no_error_text(away):
    answer = httpx.get(f"{away}/api/v1/board", headers={"Accept-Language": "en"}, timeout=PATIENCE)
    assert (answer.status_code, answer.json()["code"]) == (503, "site_away")
    assert "127.0.0.1" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_it_is_alive_and_ready_to_say_so(away):
    assert httpx.get(f"{away}/healthz", timeout=PATIENCE).status_code == 200
    assert httpx.get(f"{away}/readyz", timeout=PATIENCE).status_code == 200


def test_what_it_logs_names_the_fault_and_shows_no_variables(away):
    httpx.get(f"{away}/board", timeout=PATIENCE)
    wait_until(lambda: any('"board"' in line or "/board" in line for line in SAID))
    faults = [json.loads(line) for line in SAID if '"exception"' in line]
    assert "the database or Redis cannot be reached" in {fault["event"] for fault in faults}
    for fault in faults:
        assert "OperationalError" in fault["exception"]
        assert "locals" not in fault["exception"]
