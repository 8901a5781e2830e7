"""`make contest` as its user meets it: five teams to a winner in minutes, told, exported, and there to be looked at."""

import json
import os
import subprocess
import sys

import pytest

from rating.command import main as rating
from tests.conftest import ROOT

pytestmark = pytest.mark.one_shape  # it has a database of its own, in a file

ROUNDS = ("round-1", "round-2", "round-2-run-off", "round-3", "round-4")


@pytest.fixture(scope="module")
def contest(tmp_path_factory):
    """What the command says of the contest, and the folder with the files of its rounds."""
    folder = tmp_path_factory.mktemp("contest")
    env = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO")}
    env |= {"DATA_DIR": str(folder / "data")}
    command = [sys.executable, "-m", "config.contest", "--only-play", "--out", str(folder / "out")]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout, folder / "out"


def test_it_tells_what_happened_and_why(contest):
    said, _ = contest
    story = ("ROUND 1", "fails on the technical axis", "the appeal is granted", "ROUND 2", "A wildcard", "run-off",
             "ROUND 3", "THE FINAL", "The winner is")  # fmt: skip
    places = [said.index(words) for words in story]
    assert places == sorted(places)


def test_each_round_leaves_a_folder_from_which_its_decision_is_made_again(contest, capsys):
    _, out = contest
    assert sorted(folder.name for folder in out.iterdir()) == sorted(ROUNDS)
    for name in ROUNDS:
        assert rating(["decide", str(out / name)]) == 0, capsys.readouterr().out
    decisions = {name: json.loads((out / name / "decision.json").read_text()) for name in ROUNDS}
    assert decisions["round-1"]["goes"] == ["dolmen"]
    assert decisions["round-2"]["decided_by"] == "run_off"
    assert len(decisions["round-3"]["stays"]) == 2
    assert len(decisions["round-4"]["stays"]) == 1


def test_a_decision_that_was_tampered_with_is_found_out(contest, tmp_path, capsys):
    _, out = contest
    for file in (out / "round-3").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    file = tmp_path / "decision.json"
    file.write_text(file.read_text().replace("nuri", "baram"))
    assert rating(["decide", str(tmp_path)]) != 0
    assert capsys.readouterr().out
