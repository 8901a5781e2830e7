"""The command an outsider runs on files of ballots."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rating.test_ballot_files import BALLOTS, GOOD, written

REPOSITORY = Path(__file__).resolve().parents[2]


def rating_command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "rating", *map(str, arguments)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_the_command_prints_the_board_best_first(tmp_path: Path) -> None:
    done = rating_command("fit", written(tmp_path, "votes.jsonl", BALLOTS))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["rank", "name", "rating", "low", "high", "votes"]
    assert [line.split()[:2] for line in lines[1:4]] == [["1", "zebra"], ["2", "개미"], ["3", "ant"]]
    assert lines[4].startswith("4 votes")


def test_the_command_prints_json_that_says_the_same(board_of_129: Path) -> None:
    done = rating_command("fit", board_of_129, "--both-bad", "drop", "--prior", "0", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    content = json.loads(done.stdout)
    assert set(content) == {"log_likelihood_per_vote", "votes", "players"}
    assert content["votes"] == 1_374_996
    assert content["log_likelihood_per_vote"] == pytest.approx(-0.655411, abs=1e-6)
    first = content["players"][0]
    assert set(first) == {"name", "rating", "low", "high", "rank", "votes"}
    assert (first["name"], first["rank"]) == ("chatgpt-4o-latest", 1)
    assert first["low"] < first["rating"] < first["high"]
    assert [player["rank"] for player in content["players"]] == list(range(1, 130))


def test_the_command_warns_where_groups_never_met_and_hides_escape_codes(tmp_path: Path) -> None:
    text = GOOD + '{"a": "\\u001b[2J", "b": "w", "winner": "a"}\n'
    done = rating_command("fit", written(tmp_path, "votes.jsonl", text))
    assert done.returncode == 0
    assert "2 groups never met" in done.stderr
    assert "\x1b" not in done.stdout


def test_the_command_says_what_is_wrong_in_one_line_and_fails(tmp_path: Path) -> None:
    apart = written(tmp_path, "apart.csv", "a,b,winner\nx,y,tie\nv,w,tie\n")
    for arguments, why in (
        ([tmp_path / "missing.csv"], "No such file"),
        ([written(tmp_path, "bad.jsonl", GOOD + "{")], "bad.jsonl, row 2: not JSON"),
        ([written(tmp_path, "empty.jsonl", "")], "no players"),
        ([apart, "--prior", "-1"], "the prior must be"),
        ([apart, "--prior", "0"], "2 groups of players never met"),
    ):
        done = rating_command("fit", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert why in done.stderr
        assert len(done.stderr.splitlines()) == 1
