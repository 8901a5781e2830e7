"""The files of a decision: anybody makes it again from them, with nothing of the site but its arithmetic."""

import json
import subprocess
import sys

import pytest

from leaderboard.export import export_round
from leaderboard.models import Round
from leaderboard.rounds import close_round
from rating.command import main as rating_command
from tests.conftest import ROOT
from tests.leaderboard.test_closing import decide

ALONE = """
import sys
from pathlib import Path
from rating import read_votes
from rating.decision import Grounds, decide
names, votes = read_votes("ballots.jsonl.gz")
made = decide(votes, names, Grounds.read(Path("grounds.json").read_text()))
assert made.canonical() == Path("decision.json").read_text()
assert not {name.partition(".")[0] for name in sys.modules} & {"django", "leaderboard", "arena"}
print(*made.goes, made.decided_by)
"""


@pytest.fixture
def files(contest, tmp_path):
    decide(contest)
    close_round(contest)
    export_round(Round.objects.get(), tmp_path)
    return tmp_path


def test_the_decision_is_recomputed_from_the_files_by_rating_alone(files):
    alone = {"cwd": files, "env": {"PYTHONPATH": str(ROOT)}, "capture_output": True, "text": True}
    told = subprocess.run([sys.executable, "-c", ALONE], check=False, **alone)
    assert (told.stdout, told.stderr) == ("dogwood score\n", "")
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=files, check=True)
    assert {"grounds.json", "decision.json"} <= {
        line.split()[1] for line in (files / "SHA256SUMS").read_text().splitlines()
    }


def test_a_changed_file_does_not_reproduce_the_decision(files, capsys):
    assert rating_command(["decide", str(files)]) == 0
    assert "go: dogwood\nDECISION REPRODUCED\n" in capsys.readouterr().out
    grounds = json.loads((files / "grounds.json").read_text())
    grounds["rules"]["cut_size"] = 2
    (files / "grounds.json").write_text(json.dumps(grounds))
    assert rating_command(["decide", str(files)]) == 1
    assert "DECISION NOT REPRODUCED" in capsys.readouterr().out


def test_a_board_without_a_decision_has_no_files_of_one(contest, tmp_path):
    decide(contest)
    export_round(contest, tmp_path)
    assert not (tmp_path / "decision.json").exists()
