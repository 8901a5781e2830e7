"""What docker-compose.yml describes, started by `make up` without an engine, and used in real browsers."""

import json
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import chromium, open_page  # noqa: F401  the same browser
from tests.browser.test_arena import answer, ask, verdict
from tests.processes import ended_at_last, free_port, migrated_copy, own_redis
from tests.servers import PATIENCE, wait_until

pytestmark = [
    pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="production needs PostgreSQL and Redis"),
    pytest.mark.browser,
]


@dataclass
class Stack:
    """A started compose file: its public address, its processes, what they have said so far."""

    url: str
    folder: Path
    process: Popen[str]
    said: list[str] = field(default_factory=list)

    def processes(self) -> dict[str, Any]:
        return json.loads((self.folder / "processes.json").read_text())

    def address(self, service: str, port: str = "8000") -> str:
        return f"http://127.0.0.1:{self.processes()[service]['ports'][port]}"

    def playing(self, service: str) -> bool:
        """Whether this web process streams a turn now."""
        shown = httpx.get(f"{self.address(service, '9100')}/metrics", trust_env=False, timeout=PATIENCE).text
        return bool(re.search(r"^lms_turns_playing [1-9]", shown, re.MULTILINE))


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Stack]:
    folder, port = tmp_path_factory.mktemp("up"), free_port()
    command = [sys.executable, "-m", "config.up", "--profile", "echo", "--folder", str(folder), "--port", str(port)]
    with (
        migrated_copy(os.environ["DATABASE_URL"]) as database,
        ended_at_last(
            command, {**os.environ, "DATABASE_URL": database, "REDIS_URL": own_redis(os.environ["REDIS_URL"])}
        ) as process,
    ):
        up = Stack(f"http://127.0.0.1:{port}", folder, process)
        threading.Thread(target=lambda: up.said.extend(process.stdout), daemon=True).start()
        healthy = "up: everything is healthy\n"
        wait_until(lambda: healthy in up.said or process.poll() is not None)
        assert healthy in up.said, "".join(up.said)
        yield up


def edition(page) -> int:
    return int(re.search(r"\d+", page.locator("[data-edition]").inner_text())[0])


def test_two_browsers_on_two_web_processes_see_the_same_board_move(stack: Stack, open_page):  # noqa: F811
    boards = [open_page(f"{stack.address(web)}/board", width=1440) for web in ("web1", "web2")]
    before = [edition(board) for board in boards]
    assert before[0] == before[1]
    page = open_page(stack.url)
    ask(page, "the quick brown fox")
    expect(answer(page, "a")).to_have_text("the quick brown fox")
    verdict(page, "a").click()
    expect(page.locator("[data-reveal]")).to_be_visible()
    for board in boards:
        expect(board.locator("[data-edition]")).to_contain_text(str(before[0] + 1))
    shown = [board.locator("[data-above]").inner_text() for board in boards]
    assert shown[0] == shown[1]
    assert "1 vote" in shown[0]


def test_a_killed_web_process_costs_no_word_and_the_prompt_is_offered_again(stack: Stack, open_page):  # noqa: F811
    page = open_page(stack.url)
    ask(page, "!words=400 !delay=0.05")
    expect(answer(page, "b")).to_contain_text("word9")
    (playing,) = [web for web in ("web1", "web2") if stack.playing(web)]
    shown = {side: answer(page, side).inner_text() for side in ("a", "b")}
    before = stack.processes()[playing]
    os.kill(before["pid"], signal.SIGKILL)
    # The page comes back on the other process by itself; the turn is void, its prompt can be asked again.
    expect(page.locator("[data-again]")).to_be_visible()
    expect(page.locator("[data-dock]")).to_contain_text("does not count")
    battle = page.url.partition("#b=")[2]
    (turn,) = page.request.get(f"{stack.url}/battles/{battle}").json()["turns"]
    assert turn["state"] == "void"
    for side in ("a", "b"):
        # A browser tells no space at the end of a line.
        assert answer(page, side).inner_text() == turn[side].rstrip()
        assert turn[side].startswith(shown[side])
    page.locator("[data-again]").click()
    expect(page.locator("[data-question]").last).to_have_text("!words=400 !delay=0.05")
    expect(answer(page, "a")).to_contain_text("word2")
    page.locator("[data-stop]").click()
    expect(verdict(page, "a")).to_be_enabled()
    # And what was killed is there again, as an engine would have it.
    wait_until(lambda: stack.processes()[playing]["starts"] == before["starts"] + 1)
