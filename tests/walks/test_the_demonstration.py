"""`make demo` as its user meets it: a busy port, a second start, Ctrl-C, a kill."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import closing

import httpx
import pytest

from tests.conftest import ROOT
from tests.migrated import begin_migrated
from tests.processes import free_port, running_site
from tests.servers import PATIENCE, wait_until
from tests.visitor import Duel, Visitor

# Two starts share their data only where the database outlives the first: in its own folder.
pytestmark = pytest.mark.one_shape


def test_a_busy_port_is_one_clear_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = subprocess.run(
            [sys.executable, "-m", "config.demo", "--models", "echo", "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, "DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert answer.returncode == 1
    assert answer.stderr == f"Port {port} is taken. Choose another: make demo PORT={port + 1}\n"
    assert answer.stdout == ""


@pytest.mark.parametrize("port", ["0", "65536", "-1", "web", "8 000"])
def test_a_port_that_is_none_is_one_clear_line(port):
    command = [sys.executable, "-m", "config.demo", f"--port={port}", "--check"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (1, f"PORT must be a number from 1 to 65535, not {port}.\n")


def test_a_second_start_finds_its_data_and_its_visitors(tmp_path):
    with running_site(tmp_path, models="echo") as site:
        visitor = Visitor(site.url)
        duel = visitor.start()
        duel.ask("hello")
        first = duel.vote("a").json()
        wait_until(lambda: visitor.http.get("/api/v1/board").json()["votes"] == 1)
        cookies = dict(visitor.http.cookies)
        visitor.close()
    with (
        running_site(tmp_path, models="echo") as site,
        httpx.Client(base_url=site.url, cookies=cookies, timeout=PATIENCE) as client,
    ):
        assert client.get("/api/v1/board").json()["votes"] == 1
        assert client.get(f"/battles/{duel.id}").json()["names"] == first["names"]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_running(tmp_path, ending):
    port = free_port()
    begin_migrated(tmp_path / "site.sqlite3")
    env = {**os.environ, "DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "config.demo", "--models", "echo", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as demo:
        for line in demo.stdout:
            if "is at http" in line:
                break
        children = [int(child) for child in children_of(demo.pid)]
        assert children
        demo.send_signal(ending)
        demo.stdout.read()
        demo.wait(timeout=PATIENCE)
    wait_until(lambda: not any(alive(child) for child in children))
    with socket.create_server(("127.0.0.1", port)):
        pass  # free again


def children_of(pid: int) -> list[str]:
    """From /proc, or nothing to compare where there is none."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as listed:  # noqa: PTH123
            return listed.read().split()
    except FileNotFoundError:
        return subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_model_server_that_dies_is_started_again(tmp_path):
    with running_site(tmp_path, models="echo") as site:
        (child,) = children_of(site.process.pid)
        os.kill(int(child), signal.SIGKILL)
        wait_until(lambda: any("starting it again" in line for line in site.output))
        with closing(Visitor(site.url)) as visitor:

            def answered() -> bool:
                """In between, nobody can be drawn, or a battle that has just begun becomes void."""
                battle = visitor.post("/battles")
                if battle.status_code == 503:
                    return False
                return (
                    Duel(visitor, battle.json()["id"], battle.json()["socket"]).ask("still there?")[-1]["type"]
                    == "ready"
                )

            wait_until(answered)
