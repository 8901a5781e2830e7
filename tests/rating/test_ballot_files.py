"""Files of ballots, good and bad, and the command an outsider runs on them."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rating import BadFile, Outcome, Tally, read_ballots

REPOSITORY = Path(__file__).resolve().parents[2]

BALLOTS = """\
{"a": "zebra", "b": "ant", "winner": "a", "weight": 1, "position": 1}
{"a": "ant", "b": "zebra", "winner": "both_bad"}

{"a": "ant", "b": "zebra", "winner": "both_bad", "weight": 1}
{"a": "ghost", "b": "zebra", "winner": "b", "weight": 0}
{"a": "개미", "b": "ant", "winner": "tie"}
"""
TABLE = "id,a,b,winner,weight\r\n1,zebra,ant,a,1\r\n2,ant,zebra,both_bad,1\r\n\r\n3,ant,zebra,both_bad,1\r\n"
TABLE += "4,ghost,zebra,b,0\r\n5,개미,ant,tie,1\r\n"


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_bytes(text.encode())
    return path


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


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ballots.jsonl", BALLOTS),
        ("ballots.ndjson.gz", BALLOTS),
        ("ballots.csv", TABLE),
        ("ballots.csv.gz", "\ufeff" + TABLE),
    ],
)
def test_ballots_get_ids_by_the_order_of_their_names(tmp_path: Path, name: str, text: str) -> None:
    names, tally = read_ballots(written(tmp_path, name, text))
    assert names == ("ant", "zebra", "개미")
    expected = Tally.empty(3)
    expected.add(1, 0, Outcome.A)
    expected.add(0, 1, Outcome.BOTH_BAD, 2)
    expected.add(2, 0, Outcome.TIE)
    assert np.array_equal(tally.counts, expected.counts)


def test_left_and_right_are_a_and_b(tmp_path: Path) -> None:
    text = "winner,left,right\nleft,x,y\nright,x,y\nb,x,y\ntie,y,x\n"
    names, tally = read_ballots(written(tmp_path, "votes.csv", text))
    assert names == ("x", "y")
    assert tally.counts[0, 1].tolist() == [1, 2, 0, 0]
    assert tally.counts[1, 0].tolist() == [0, 0, 1, 0]


def test_arena_json_keeps_its_order_and_adds_repeated_pairs(tmp_path: Path) -> None:
    content = {
        "models": ["m", "c", "alone"],
        "X": [[0, 1], [1, 0], [0, 1]],
        "Y": [[1, 2, 3, 4], [5, 0, 0, 0], [1, 0, 0, 0]],
    }
    names, tally = read_ballots(written(tmp_path, "arena.json", json.dumps(content)))
    assert names == ("m", "c", "alone")
    assert tally.counts[0, 1].tolist() == [2, 2, 3, 4]
    assert tally.counts[1, 0].tolist() == [5, 0, 0, 0]


GOOD = '{"a": "x", "b": "y", "winner": "a"}\n'


@pytest.mark.parametrize(
    ("name", "text", "row", "why"),
    [
        ("v.jsonl", GOOD + "{", 2, "not JSON"),
        ("v.jsonl", "[]", 1, "not a JSON object"),
        ("v.jsonl", "9" * 5000, 1, "not JSON"),
        ("v.jsonl", "[" * 100_000, 1, "not JSON"),
        ("v.jsonl", GOOD * 2 + '{"a": "x", "winner": "a"}', 3, "player b is None"),
        ("v.jsonl", '{"a": "", "b": "y", "winner": "a"}', 1, "player a is ''"),
        ("v.jsonl", '{"a": 1, "b": "y", "winner": "a"}', 1, "player a is 1"),
        ("v.jsonl", '{"a": "y", "b": "y", "winner": "a"}', 1, "'y' battles itself"),
        ("v.jsonl", '{"a": "x", "b": "y", "winner": "left"}', 1, "'left' is no outcome"),
        ("v.jsonl", '{"a": "x", "b": "y", "winner": null}', 1, "the winner is None"),
        ("v.jsonl", '{"a": "x", "b": "y", "winner": "a", "weight": 0.5}', 1, "the weight is 0.5"),
        ("v.jsonl", '{"a": "x", "b": "y", "winner": "a", "weight": true}', 1, "the weight is True"),
        ("v.jsonl", '{"a": "x", "b": "y", "winner": "a", "weight": NaN}', 1, "the weight is nan"),
        ("v.jsonl", '{"a": "x", "b": "y", "winner": "?", "weight": 0}', 1, "no outcome"),
        ("v.csv", "", 1, "the header"),
        ("v.csv", "a,right,winner\nx,y,a\n", 1, "the header"),
        ("v.csv", "a,b,winner\nx,y,a\nx,y\n", 3, "not as many cells"),
        ("v.csv", "a,b,winner\nx,y,a,a\n", 2, "not as many cells"),
        ("v.csv", "a,b,winner\nx,y,model_a\n", 2, "'model_a' is no outcome"),
        ("v.csv", "a,b,winner,weight\nx,y,a,2\n", 2, "the weight is '2'"),
        ("v.csv", 'a,b,winner\nx,"y,a\n', 2, "unexpected end"),
        ("v.json", "[]", None, "not a JSON object"),
        ("v.json", '{"models": [], "X": []}', None, "it must have the lists"),
        ("v.json", '{"models": ["x", "x"], "X": [], "Y": []}', None, "each once"),
        ("v.json", '{"models": ["x", "y"], "X": [[0, 1]], "Y": []}', None, '"X" has 1 rows'),
        (
            "v.json",
            '{"models": ["x", "y"], "X": [[0, 2]], "Y": [[1, 0, 0, 0]]}',
            1,
            "[0, 2] are not two of the 2 models",
        ),
        ("v.json", '{"models": ["x", "y"], "X": [[1, 1]], "Y": [[1, 0, 0, 0]]}', 1, "[1, 1] are not two of"),
        (
            "v.json",
            '{"models": ["x", "y"], "X": [[0, 1]], "Y": [[1, 0, -1, 0]]}',
            1,
            "[1, 0, -1, 0] are not 2 ids and 4 counts",
        ),
        (
            "v.json",
            '{"models": ["x", "y"], "X": [[0, 1]], "Y": [[1.5, 0, 0, 0]]}',
            1,
            "are not 2 ids and 4 counts",
        ),
        (
            "v.json",
            '{"models": ["x", "y"], "X": [[0, true]], "Y": [[1, 0, 0, 0]]}',
            1,
            "are not 2 ids and 4 counts",
        ),
        ("v.txt", GOOD, None, "the name ends in none of"),
    ],
)
def test_a_bad_file_is_refused_with_its_row(tmp_path: Path, name: str, text: str, row: int | None, why: str) -> None:
    with pytest.raises(BadFile) as caught:
        read_ballots(written(tmp_path, name, text))
    assert caught.value.row == row
    assert why in str(caught.value)
    assert str(caught.value).startswith(name)
    assert "\n" not in str(caught.value)


def test_broken_bytes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes("a,b,winner\né,y,a\n".encode("latin-1"))
    with pytest.raises(BadFile, match="not UTF-8"):
        read_ballots(tmp_path / "latin.csv")
    packed = gzip.compress(GOOD.encode() * 50)
    for broken in (b"plain text", packed[:20], packed[:12] + b"\xff" + packed[13:]):
        (tmp_path / "votes.jsonl.gz").write_bytes(broken)
        with pytest.raises(BadFile, match="gzip"):
            read_ballots(tmp_path / "votes.jsonl.gz")


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
