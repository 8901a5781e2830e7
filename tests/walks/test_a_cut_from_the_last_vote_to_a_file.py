"""The walk of docs/architecture.md: votes, the close, the files, and an outsider who recomputes them."""

import json
import subprocess
import sys

import pytest

from tests.processes import ROOT, RunningSite, running_site
from tests.servers import wait_until
from tests.visitor import Visitor


@pytest.fixture
def own_site(tmp_path):
    """Closing a round changes the site for everyone, so this walk has its own."""
    with running_site(tmp_path / "site", models="echo") as site:
        yield site


def test_a_round_is_cut_and_anyone_can_recompute_it(own_site: RunningSite, tmp_path):
    visitors = [Visitor(own_site.url) for _ in range(3)]
    for number in range(24):
        duel = visitors[number % 3].start()
        duel.ask("hi")
        # The names are not known before the vote, so the verdict is not, either; the last only must be joined.
        assert duel.vote("a" if number % 2 else "b").status_code == 201
    wait_until(lambda: visitors[0].http.get("/api/v1/board").json()["votes"] == 24)
    said = own_site.manage("close_round", "--out", str(tmp_path / "files"))
    assert "Eliminated:" in said
    board = json.loads((tmp_path / "files" / "board.json").read_text())
    last = board["standings"][-1]
    assert (last["status"], last["rank"]) == ("eliminated", 4)
    served = visitors[0].http.get("/api/v1/board?series=round-1").json()
    assert (served["round"].pop("state"), served["round"].pop("next")) == ("provisional", "round-2")
    del served["round"]["ends_at"], served["round"]["freezes_at"], served["round"]["run_off"]
    assert served | {"position": 24} == board
    summed = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    subprocess.run(summed, cwd=tmp_path / "files", check=True)
    refit = json.loads(
        subprocess.run(
            [sys.executable, "-m", "rating", "fit", str(tmp_path / "files" / "ballots.jsonl.gz"), "--json"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout
    )
    ratings = {player["name"]: player["rating"] for player in refit["players"]}
    assert {row["slug"]: pytest.approx(row["rating"], abs=1e-6) for row in board["standings"]} == ratings
    for _ in range(8):
        duel = visitors[1].start()
        duel.ask("and now")
        shown = duel.vote("tie").json()["names"]
        assert last["slug"] not in {shown["a"]["slug"], shown["b"]["slug"]}
    for visitor in visitors:
        visitor.close()
