"""Files of ballots, good and bad."""

import gzip
import io
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as arrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from rating import BadFile, Ballots, Outcome, RatingError, Tally, read_ballots, read_rows, read_votes, text_files

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


def parquet_file(path: Path, columns: dict[str, list], **how) -> Path:
    into = io.BytesIO()
    parquet.write_table(arrow.table(columns), into, **how)
    path.write_bytes(gzip.compress(into.getvalue()) if path.suffix == ".gz" else into.getvalue())
    return path


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
        ("v.csv", "\n\n", 1, "the header names no columns"),
        ("v.csv", "a,b,winner\n", None, "it holds no votes"),
        ("v.csv", "a,b,winner,weight\nx,y,a,0\n", None, "it holds no votes"),
        ("v.csv", "a,b,winner,winner\nx,y,a,b\n", 1, "the column 'winner' more than once"),
        ("v.csv", "a,b,winner\nx,y,a\n\nx,y,tie,a\n", 4, "not as many cells"),
        ("v.csv", 'a,b,winner\n"x\ny",z,a\nz,z,a\n', 4, "'z' battles itself"),
        ("v.csv", "a,b,winner\nx,y,?\nz,z,a\nx,y\n", 2, "'?' is no outcome"),
        ("v.csv", 'a,b,winner\nx,y,?\nz,"z,a\n', 2, "'?' is no outcome"),
        ("v.csv", '"a,b,winner\nx,y,a\n', 2, "unexpected end"),
        ("v.csv", "a,b,winner,weight\nx,y,a,nan\n", 2, "the weight is 'nan'"),
        ("v.csv", "left,right,winner\nx,y,model_a\n", 2, "'model_a' is no outcome"),
        ("v.csv", f"a,b,winner\nx,y,{'z' * 999}\n", 2, f"'{'z' * 79}… is no outcome"),
        ("v.jsonl", "", None, "it holds no votes"),
        ("v.jsonl", GOOD.replace("}", ', "weight": 1}') + GOOD.replace("}", ', "weight": true}'), 2, "weight is True"),
        ("v.jsonl", GOOD.replace("}", ', "weight": "1"}'), 1, "the weight is '1'"),
        ("v.jsonl", GOOD + '{"a": "x", "b": "x", "winner": "a"}\n[]', 2, "'x' battles itself"),
        ("v.jsonl", '{"a": "x", "b": "y", "winner": "a", "voter": [1]}', 1, "the voter is [1], not a name"),
        ("v.jsonl", '{"a": "x", "b": "y", "winner": "a", "voter": true}', 1, "the voter is True, not a name"),
        ("v.jsonl", '{"left": "x", "b": "y", "winner": "a"}', 1, "player a is None"),
        ("v.jsonl", '{"a": "x", "b": "y", "winner": "a", "weight": 1' + "0" * 400 + "}", 1, "the weight is 1000"),
        ("v.json", '{"models": ["x", "y"], "X": [[0, 1]], "Y": [[0, 0, 0, 0]]}', None, "it holds no votes"),
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


@pytest.mark.parametrize("name", ["votes.parquet", "votes.parquet.gz"])
def test_parquet_says_what_csv_says(tmp_path: Path, name: str) -> None:
    columns = {
        "left": ["zebra", "ant", "ant", "ghost", "개미"],
        "right": ["ant", "zebra", "zebra", "zebra", "ant"],
        "winner": ["left", "both_bad", "both_bad", "b", "tie"],
        "weight": [1, 1, 1, 0, 1],
    }
    names, tally = read_ballots(parquet_file(tmp_path / name, columns))
    expected = read_ballots(written(tmp_path, "ballots.csv", TABLE))
    assert names == expected[0]
    assert np.array_equal(tally.counts, expected[1].counts)


def test_parquet_is_read_whatever_its_columns_are_made_of(tmp_path: Path) -> None:
    columns = {
        "left": arrow.array([7, 8, 8, 7]).dictionary_encode(),
        "right": arrow.array([b"x", b"x", b"y", b"y"]),
        "winner": arrow.array(["left", None, "b", "tie"]).dictionary_encode(),
        "voter": arrow.array(["p", None, "", "p"]),
    }
    with pytest.raises(BadFile, match=r"votes\.parquet, row 2: the winner is None, not a word"):
        read_votes(parquet_file(tmp_path / "votes.parquet", columns))
    columns["winner"] = arrow.array(["left", "tie", "b", "tie"])
    names, votes = read_votes(parquet_file(tmp_path / "votes.parquet", columns, row_group_size=2))
    assert names == ("7", "8", "x", "y")
    assert isinstance(votes, Ballots)
    assert votes.voters()[1] == 3


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"left": ["x"], "winner": ["a"]}, ": the schema names no columns a and b"),
        ({"a": ["x", "x"], "b": ["y", None], "winner": ["a", "a"]}, ", row 2: player b is None"),
        ({"a": ["x", "x"], "b": ["y", "x"], "winner": ["a", "a"]}, ", row 2: 'x' battles itself"),
        ({"a": ["x"], "b": ["y"], "winner": [1.5]}, ", row 1: the winner is 1.5, not a word"),
        ({"a": ["x"] * 2, "b": ["y"] * 2, "winner": ["a"] * 2, "weight": [1, float("nan")]}, ", row 2: the weight"),
        ({"a": ["x"], "b": ["y"], "winner": ["a"], "weight": [None]}, ", row 1: the weight is None"),
        ({"a": ["x"], "b": ["y"], "winner": ["a"], "weight": [True]}, ", row 1: the weight is True"),
        ({"a": [b"\xff"], "b": ["y"], "winner": ["a"]}, ": not UTF-8"),
        ({"a": [["x"]], "b": ["y"], "winner": ["a"]}, ": not a Parquet file of votes"),
        ({"a": [], "b": [], "winner": []}, ": it holds no votes"),
    ],
)
def test_bad_parquet_is_refused_with_its_row(tmp_path: Path, columns: dict[str, list], why: str) -> None:
    with pytest.raises(BadFile) as caught:
        read_votes(parquet_file(tmp_path / "v.parquet", columns))
    assert str(caught.value).startswith(f"v.parquet{why}")


def test_a_cut_off_parquet_file_is_refused(tmp_path: Path) -> None:
    whole = parquet_file(tmp_path / "v.parquet", {"a": ["x"] * 999, "b": ["y"] * 999, "winner": ["a"] * 999})
    content = whole.read_bytes()
    for broken in (b"", b"PAR1", content[:-9], content[:40], content[:60] + b"\xff" * 40 + content[100:]):
        whole.write_bytes(broken)
        with pytest.raises(BadFile, match="Parquet"):
            read_votes(whole)


def test_parquet_without_pyarrow_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = parquet_file(tmp_path / "v.parquet", {"a": ["x"], "b": ["y"], "winner": ["a"]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(BadFile, match="install the extra `parquet`"):
        read_votes(file)


@pytest.mark.parametrize(
    ("header", "winners"),
    [
        ("a,b,winner", ("a", "b", "tie", "both_bad")),
        ("left,right,winner", ("left", "right", "tie", "bothbad")),
        ("model_a,model_b,winner", ("model_a", "model_b", "tie", "tie (bothbad)")),
    ],
)
def test_winners_are_named_by_their_columns(tmp_path: Path, header: str, winners: tuple[str, ...]) -> None:
    first, second, _ = header.split(",")
    table = header + "".join(f"\nx,y,{word}" for word in winners)
    lines = "\n".join(json.dumps({first: "x", second: "y", "winner": word}) for word in winners)
    for path in (written(tmp_path, "v.csv", table), written(tmp_path, "v.jsonl.gz", lines)):
        assert read_ballots(path)[1].counts[0, 1].tolist() == [1, 1, 1, 1]


VOTERS = """\
left,right,winner,worker,voter,n
x,y,left,7,p,0.5
y,x,tie,7,q,3
z,x,right,8,p,0
y,x,tie,8,,1
y,x,tie,8,,1
"""


def test_votes_are_read_with_their_voters_and_weights(tmp_path: Path) -> None:
    file = written(tmp_path, "votes.csv", VOTERS)
    names, votes = read_votes(file)
    assert isinstance(votes, Ballots)
    assert names == ("x", "y", "z")
    assert votes.weight is None
    assert votes.voters()[0].tolist() == [0, 1, 0, 2, 3]  # who is not named is somebody else
    names, votes = read_votes(file, voter="worker", weight="n")
    assert isinstance(votes, Ballots)
    assert names == ("x", "y")  # z's only vote weighs nothing
    assert votes.weight is not None
    assert votes.weight.tolist() == [0.5, 3, 1, 1]
    assert votes.voters()[0].tolist() == [0, 0, 1, 1]


def test_json_lines_are_read_with_their_voters_and_weights(tmp_path: Path) -> None:
    lines = [
        {"a": "x", "b": "y", "winner": "a", "worker": 7, "n": 0.5},
        {"a": "x", "b": "y", "winner": "b", "worker": None, "n": 2},
        {"left": "x", "right": "y", "winner": "left", "worker": "7", "n": 1},
    ]
    file = written(tmp_path, "votes.jsonl", "\n".join(map(json.dumps, lines)))
    _, votes = read_votes(file, weight="n")
    assert isinstance(votes, Ballots)
    assert votes.weight is not None
    assert (votes.weight.tolist(), votes.outcome.tolist()) == ([0.5, 2, 1], [0, 1, 0])
    assert votes.voters()[0].tolist() == [0, 1, 0]
    assert read_votes(written(tmp_path, "alone.jsonl", GOOD))[1].voter is None


@pytest.mark.parametrize(
    ("asked", "name", "text", "why"),
    [
        ({"voter": "who"}, "v.csv", "a,b,winner\nx,y,a\n", "row 1: the header names no column 'who'"),
        ({"weight": "n"}, "v.jsonl", GOOD, "row 1: there is no 'n'"),
        ({"voter": "who"}, "v.jsonl", GOOD, "row 1: there is no 'who'"),
        ({"weight": "n"}, "v.csv", "a,b,winner,n\nx,y,a,1\nx,y,a,-1\n", "row 3: the weight is '-1', not a number of 0"),
        ({"weight": "n"}, "v.csv", "a,b,winner,n\nx,y,a,inf\n", "row 2: the weight is 'inf'"),
        ({"weight": "n"}, "v.csv", "a,b,winner,n\nx,y,a,1_0\n", "row 2: the weight is '1_0'"),
        ({"weight": "n"}, "v.csv", "a,b,winner,n\nx,y,a,\n", "row 2: the weight is ''"),
        ({"weight": "n"}, "v.json", '{"models": ["x", "y"], "X": [], "Y": []}', "counts do not say what a vote weighs"),
        ({"voter": "who"}, "v.json", '{"models": ["x", "y"], "X": [], "Y": []}', "counts do not say who voted"),
    ],
)
def test_a_column_that_is_asked_for_must_be_there_and_good(
    tmp_path: Path, asked: dict[str, str], name: str, text: str, why: str
) -> None:
    with pytest.raises(BadFile) as caught:
        read_votes(written(tmp_path, name, text), **asked)
    assert why in str(caught.value)


def test_counts_are_read_as_a_tally(tmp_path: Path) -> None:
    text = '{"models": ["y", "x"], "X": [[0, 1]], "Y": [[2, 0, 0, 1]]}'
    names, votes = read_votes(written(tmp_path, "v.json", text))
    assert names == ("y", "x")
    assert isinstance(votes, Tally)
    assert votes.counts[0, 1].tolist() == [2, 0, 0, 1]


def test_rows_are_what_their_file_says(tmp_path: Path) -> None:
    rows = list(read_rows(written(tmp_path, "v.csv", "a,b,winner,worker,weight\n\nx,y,tie,,1\ny,x,a,7,0\n")))
    assert rows[0] == (3, "x", "y", Outcome.TIE, 1, "")
    assert rows[1] == (4, "y", "x", Outcome.A, 0, "7")
    counts = '{"models": ["y", "x"], "X": [[0, 1]], "Y": [[2, 0, 0, 1]]}'
    rows = list(read_rows(written(tmp_path, "v.json", counts)))
    assert rows == [(1, "y", "x", Outcome.A, 2, ""), (1, "y", "x", Outcome.BOTH_BAD, 1, "")]


def test_a_file_of_many_blocks_reads_as_one_and_tells_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "left,right,winner,voter\n" + "".join(f"p{i % 7},q{i % 5},left,v{i % 11}\n" for i in range(1000))
    whole = read_votes(written(tmp_path, "v.csv", text))
    monkeypatch.setattr(text_files, "ROWS", 64)
    told: list[tuple[int, float]] = []
    names, votes = read_votes(written(tmp_path, "v.csv.gz", text), told=lambda *far: told.append(far))
    assert names == whole[0]
    for column in ("first", "second", "outcome", "voter"):
        assert np.array_equal(getattr(votes, column), getattr(whole[1], column))
    assert [rows for rows, _ in told] == [*range(64, 1000, 64), 1000]
    assert told[-1][1] == 1
    with pytest.raises(BadFile, match="row 902: 'p' battles itself"):
        read_votes(written(tmp_path, "v.csv", "\n".join([*text.splitlines()[:901], "p,p,left,v", "p,q"])))


def what_is_said_of(file: Path) -> str:
    try:
        return " ".join(map(repr, read_votes(file)[0]))
    except RatingError as why:
        return str(why)


@given(st.binary(max_size=60), st.sampled_from(["csv", "jsonl", "json", "parquet", "csv.gz", "parquet.gz"]))
def test_no_bytes_bring_a_reader_down(tmp_path_factory: pytest.TempPathFactory, junk: bytes, ending: str) -> None:
    file = tmp_path_factory.mktemp("junk") / f"v.{ending}"
    good = {"csv": b"a,b,winner\nx,y,a\n", "jsonl": GOOD.encode(), "json": b'{"models": ["x", "y"], "X": '}
    for content in (junk, good.get(ending, b"") + junk):
        file.write_bytes(content)
        assert "\n" not in what_is_said_of(file)
