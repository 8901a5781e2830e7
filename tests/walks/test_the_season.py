"""`make season` as its user meets it: weeks in seconds, the truth found again, and all of it to be looked at."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from itertools import pairwise

import httpx
import pytest

from tests.conftest import ROOT
from tests.processes import answers, ended_at_last, free_port
from tests.servers import PATIENCE, wait_until

pytestmark = pytest.mark.one_shape  # it has a database of its own, in a file


@pytest.fixture(scope="module")
def season(tmp_path_factory):
    """A short season and what its command says; the site goes on until the tests are done."""
    folder, port, said = tmp_path_factory.mktemp("season"), free_port(), []
    env = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO")} | {"DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "config.season", "--votes", "2500", "--port", str(port)]
    with ended_at_last(command, env) as process:
        threading.Thread(target=lambda: said.extend(process.stdout), daemon=True).start()
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url) or process.poll() is not None)
        assert process.poll() is None, "".join(said)
        with httpx.Client(base_url=url, headers={"Accept-Language": "en"}, timeout=PATIENCE) as client:
            yield client, folder, said


def test_the_board_finds_the_truth_again(season):
    _, folder, said = season
    first, second = json.loads((folder / "season" / "season.json").read_text())
    for one in (first, second):
        assert [row["slug"] for row in one["rows"] if row["status"] == "reference"] == ["atlas"]
        truths = [row["truth"] for row in one["rows"] if row["rank"]]
        # Who is much stronger stands higher. So few votes leave a rating about forty points either way.
        assert all(above > below - 60 for above, below in pairwise(truths))
        assert all(row["low"] - 30 < row["truth"] < row["high"] + 30 for row in one["rows"])
    weakest = min(first["rows"], key=lambda row: row["truth"])
    assert weakest["status"] == "eliminated"
    stayed = {row["slug"] for row in first["rows"] if row["status"] != "eliminated"}
    assert {row["slug"] for row in second["rows"]} == stayed
    assert any("the truth, and what the board says" in line for line in said)
    assert any("Playing the season" in line for line in said)


def test_all_of_it_can_be_looked_at(season):
    client, *_ = season
    lists = client.get("/api/v1/lists?series=round-1").json()["lists"]
    assert len(lists) == 22  # one for each midnight while it lasted, and the first after it, with the result
    paths = [
        "/",
        "/board",
        "/board?series=round-1",
        f"/board?series=round-1&date={lists[5]['date']}",
        "/entries/dolmen",
        "/board?series=round-1&category=code",
        "/board?series=round-1&category=style",
    ]
    paths += [f"/rounds/{n}/{page}" for n in (1, 2) for page in ("figures", "exposure", "rules")]
    for path in paths:
        page = client.get(path)
        assert page.status_code == 200, path
        assert "A simulated season" in page.text
    assert "Eliminated" in client.get("/board?series=round-1").text
    for category in ("ko", "code", "style"):
        told = client.get(f"/api/v1/board?series=round-1&category={category}").json()
        assert told["standings"], category
    assert "since the official list of" in client.get("/board").text
    assert "Long answers were cut off too often." in client.get("/rounds/1/rules").text


def test_its_times_are_those_of_its_weeks(season):
    client, *_ = season
    days = client.get("/api/v1/rounds/1/days").json()["days"]
    begun, ended = (datetime.fromisoformat(days[place]["date"]) for place in (0, -1))
    assert ended - begun == timedelta(days=21)
    assert all(day["votes"] > 0 for day in days)
    points = client.get("/api/v1/entries/nuri/history?series=round-1").json()["points"]
    assert datetime.fromisoformat(points[-1]["at"]) - datetime.fromisoformat(points[0]["at"]) > timedelta(days=20)
    board = client.get("/api/v1/board").json()
    assert board["round"]["state"] == "open"
    # Two days long nobody saw the board move, and the lists stood as it did.
    listed = [one["board"] for one in client.get("/api/v1/lists?series=round-1").json()["lists"]]
    assert listed[1] == listed[2]


def test_a_second_start_finds_it_again(season):
    _, folder, _ = season
    command = [sys.executable, "-m", "config.season", "--only-play"]
    env = os.environ | {"DATA_DIR": str(folder)}
    again = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert "Playing" not in again.stdout + again.stderr
    assert re.search(r"1  Baram +\d+ +\d+", again.stdout)


def test_one_that_is_broken_off_says_so_in_a_line_and_leaves_no_half_of_it_as_a_whole(tmp_path):
    command = [sys.executable, "-m", "config.season", "--only-play", "--votes", "60"]
    how = {"cwd": ROOT, "env": os.environ | {"DATA_DIR": str(tmp_path)}, "text": True}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how) as broken:
        assert broken.stdout.readline() == "Preparing the database…\n"
        broken.send_signal(signal.SIGINT)
        assert broken.stderr.read().strip() == (
            "Stopped before the season was over. The next start plays it from the beginning."
        )
    assert broken.returncode == 1
    assert not (tmp_path / "season" / "season.json").exists()
