"""An edition as files: whole or unfinished, the same bytes each time, and enough to recompute it."""

import csv
import fcntl
import gzip
import hashlib
import json
import os
import re
import resource
import signal
import subprocess
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pyarrow import parquet

from arena.models import Turn, Voter
from leaderboard.amending import amend_round
from leaderboard.fold import fold
from leaderboard.models import Board, Series, Standing
from leaderboard.rounds import close_round
from rating.command import main as rating_command
from tests.leaderboard.test_folding import cast, cast_ladder

FILES = [
    "README.md", "SHA256SUMS", "ballots.jsonl.gz", "board.csv", "board.json", "citation.bib", "datacite.json",
    "rulebook.json", "tallies.parquet",
]  # fmt: skip


@pytest.fixture
def editions(contest):
    """Board 2 knows 109 ballots, board 3 knows 121 with one set aside, and 5 more have no board yet."""
    cast_ladder(contest)
    cast(contest, "alder", "dogwood", "tie")
    fold(contest)
    for _ in range(11):
        cast(contest, "dogwood", "alder", "a")
    cast(contest, "cedar", "alder", "both_bad", counted=False)
    fold(contest)
    for _ in range(5):
        cast(contest, "birch", "alder", "b")
    return contest


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr("leaderboard.ballot_file.PART", 10)


def export(folder, **options):
    call_command("export_board", out=folder, **options)
    return contents(folder)


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def ballots_in(folder):
    with gzip.open(folder / "ballots.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.mark.parametrize(("number", "position"), [(None, 121), (3, 121), (2, 109)])
def test_an_edition_is_recomputed_from_its_files_alone(editions, tmp_path, capsys, number, position):
    export(tmp_path, number=number)
    board = json.loads((tmp_path / "board.json").read_text())
    capsys.readouterr()
    command = ["fit", str(tmp_path / "ballots.jsonl.gz"), "--config", str(tmp_path / "board.json"), "--json"]
    assert rating_command(command) == 0
    recomputed = json.loads(capsys.readouterr().out)
    assert len(ballots_in(tmp_path)) == board["position"] == position
    assert recomputed["votes"] == board["votes"] == position - (position == 121)
    players = {player["name"]: player for player in recomputed["players"]}
    fields = ("rating", "low", "high", "rank", "rank_low", "rank_high", "votes", "p_cut")
    assert len(board["standings"]) == 4
    for row in board["standings"]:
        assert {field: players[row["slug"]][field] for field in fields} == {
            field: pytest.approx(row[field], abs=1e-6) for field in fields
        }


def test_an_older_edition_is_the_same_bytes_before_and_after_the_round_is_cut(editions, tmp_path):
    before = export(tmp_path / "before", number=2)
    close_round(editions)
    assert export(tmp_path / "after", number=2) == before
    assert export(tmp_path / "after", number=2) == before
    assert sorted(before) == FILES


def test_the_digests_are_those_of_the_files(editions, tmp_path):
    export(tmp_path)
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    told = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert told == "".join(f"{name}: OK\n" for name in FILES if name != "SHA256SUMS")
    (tmp_path / "board.csv").write_text("edited")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 1


def test_a_ballot_tells_what_its_dictionary_says_and_no_more(contest, tmp_path):
    voter = Voter.objects.create()
    counted = cast(contest, "alder", "birch", "tie", voter=voter)
    over = cast(contest, "birch", "alder", "a", voter=voter, counted=False)
    secret, answer = ([{"type": "text", "text": text}] for text in ("Write a secret poem", "- **secret**"))
    texts = {"prompt": secret, "reply_b": answer, "ended_at": timezone.now()}
    for number, state in ((1, "complete"), (2, "void"), (3, "stopped")):
        Turn.objects.create(battle=counted.battle, number=number, state=state, **texts)
    counted.refresh_from_db()
    fold(contest)
    export(tmp_path)
    first, second = ballots_in(tmp_path)
    assert re.fullmatch("[0-9a-f]{16}", first["voter"])
    assert first == {
        "position": 1,
        "battle": str(counted.battle_id),
        "a": "alder",
        "b": "birch",
        "winner": "tie",
        "voter": second["voter"],
        "weight": 1,
        "hour": f"{counted.cast_at:%Y-%m-%dT%HZ}",
        "language": "en",
        "categories": {"multi_turn": {"turns": 2}, "writing": {"words": 2}},
        "turns": 2,
        "style": {"bold": [0, 2], "headers": [0, 0], "length": [1, 25], "lists": [0, 2]},
        "set_aside": None,
    }
    assert (second["battle"], second["weight"], second["turns"]) == (str(over.battle_id), 0, 0)
    assert (second["language"], second["categories"], second["style"]) == (None, None, None)
    assert second["set_aside"] == "over_cap"
    whole = b"".join(contents(tmp_path).values()) + json.dumps([first, second]).encode()
    assert b"secret" not in whole
    assert str(voter.id).encode() not in whole
    assert voter.id.hex.encode() not in whole


def test_the_tallies_are_the_ballots_added_up(editions, tmp_path):
    export(tmp_path)
    rows = parquet.read_table(tmp_path / "tallies.parquet").to_pylist()
    added = {}
    for ballot in ballots_in(tmp_path):
        total = added.setdefault((ballot["a"], ballot["b"], ballot["winner"]), [0, 0])
        total[ballot["set_aside"] is not None] += 1
    assert {(row["a"], row["b"], row["winner"]): [row["counted"], row["set_aside"]] for row in rows} == added
    assert {"a": "cedar", "b": "alder", "winner": "both_bad", "counted": 0, "set_aside": 1} in rows


def test_every_field_of_every_file_is_in_the_dictionary_in_both_languages(editions, tmp_path):
    export(tmp_path)
    english, korean = (tmp_path / "README.md").read_text().split("\n# 한국어\n")
    board = json.loads((tmp_path / "board.json").read_text())
    header = (tmp_path / "board.csv").read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    tallies = parquet.read_schema(tmp_path / "tallies.parquet").names
    fields = [*ballots_in(tmp_path)[0], *board, *board["standings"][0], *board["round"], *board["parameters"]]
    for words in (english, korean):
        named = set(re.findall(r"`([^`]*)`", words))
        assert {*fields, *header, *tallies, *FILES, "over_cap", "own_team"} <= named
    assert "{" not in english + korean
    assert "121" in english


def test_an_edition_is_cited_as_what_it_is(editions, tmp_path):
    editions.series.title, editions.series.title_ko = "50 % & {more}", "1라운드"
    editions.series.save()
    files = export(tmp_path)
    registered = json.loads(files["datacite.json"])
    mandatory = {"creators", "titles", "publisher", "publicationYear", "types"}  # of DataCite's schema, less the DOI
    assert mandatory < {*registered}
    assert [title["title"] for title in registered["titles"]] == [
        "50 % & {more}, board 3", "1라운드, 3번째 순위표",
    ]  # fmt: skip
    assert registered["publicationYear"] == str(timezone.now().year)
    entry = files["citation.bib"].decode()
    assert entry.startswith("@misc{round-1-board-3,\n")
    assert r"title = {{50 \% \& \{more\}, board 3}}" in entry


def test_a_spreadsheet_reads_hangul_and_runs_no_formula(editions, tmp_path):
    Standing.objects.filter(board__number=3, slug="alder").update(name="=HYPERLINK(1)")
    Standing.objects.filter(board__number=3, slug="birch").update(name="자작나무")
    written = export(tmp_path)["board.csv"]
    assert written.startswith(b"\xef\xbb\xbf")
    rows = csv.DictReader(written.decode("utf-8-sig").splitlines())
    assert {"'=HYPERLINK(1)", "자작나무"} <= {row["name"] for row in rows}


def test_a_board_without_ballots_is_exported_too(contest, tmp_path):
    export(tmp_path)
    assert ballots_in(tmp_path) == []
    subprocess.run(["gzip", "--test", "ballots.jsonl.gz"], cwd=tmp_path, check=True)  # an empty file is no gzip file
    assert parquet.read_table(tmp_path / "tallies.parquet").num_rows == 0
    assert sorted(contents(tmp_path)) == FILES


@contextmanager
def interrupted(query='"turns"', time=3):
    """Ctrl-C while such a query is made for so manyth time; ballots are asked for a part at a time."""
    made = 0

    def watched(execute, sql, parameters, many, context):
        nonlocal made
        made += query in sql
        if query in sql and made == time:
            signal.raise_signal(signal.SIGINT)
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(watched), pytest.raises(SystemExit) as ended:
        yield
    assert ended.value.code == 130


@pytest.fixture
def reads():
    """A count of the parts that were read from the database."""
    count = []

    def watched(execute, sql, parameters, many, context):
        if '"turns"' in sql:
            count.append(parameters)
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(watched):
        yield count


def test_ctrl_c_leaves_no_half_file_and_the_same_command_goes_on(editions, small_parts, tmp_path, capsys):
    whole = export(tmp_path / "whole")
    folder = tmp_path / "a folder"
    with interrupted():
        export(folder)
    told = capsys.readouterr().err
    assert f"manage.py export_board --series round-1 --number 3 --out '{folder}'" in told
    assert [file.name for file in folder.iterdir()] == [".unfinished"]
    assert export(folder) == whole


def test_an_interrupted_export_reads_only_what_it_has_not_written(editions, small_parts, tmp_path, reads):
    with interrupted():
        export(tmp_path)
    reads.clear()
    export(tmp_path)
    assert len(reads) == 11  # parts of 13; two were whole


def test_what_comes_after_the_ballots_costs_no_ballots_when_it_is_interrupted(editions, small_parts, tmp_path, reads):
    whole = export(tmp_path / "whole")
    with interrupted('COUNT("arena_vote"."counted_as")', 1):
        export(tmp_path / "begun")
    reads.clear()
    assert export(tmp_path / "begun") == whole
    assert len(reads) == 1  # the last part, which is not as long as the others


def test_what_was_begun_serves_a_newer_edition(editions, small_parts, tmp_path):
    with interrupted():
        export(tmp_path / "begun", number=2)
    assert export(tmp_path / "begun") == export(tmp_path / "whole")
    assert len(ballots_in(tmp_path / "begun")) == 121


def test_what_was_begun_of_a_newer_edition_leaves_nothing_in_an_older_one(editions, small_parts, tmp_path):
    with interrupted('COUNT("arena_vote"."counted_as")', 1):
        export(tmp_path / "begun")
    assert export(tmp_path / "begun", number=2) == export(tmp_path / "whole", number=2)


@pytest.mark.parametrize("spoilt", ["{", '{"ballots": "others", "position": 20, "size": 9}', "[]", '{"position": 1}'])
def test_a_beginning_that_cannot_be_trusted_is_written_anew(editions, small_parts, tmp_path, spoilt):
    with interrupted():
        export(tmp_path / "begun")
    (tmp_path / "begun" / ".unfinished" / "ballots.jsonl.gz.reached").write_text(spoilt)
    assert export(tmp_path / "begun") == export(tmp_path / "whole")


def test_a_full_disk_leaves_no_half_file_and_the_same_command_goes_on(editions, small_parts, tmp_path):
    whole = export(tmp_path / "whole")
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole["ballots.jsonl.gz"]) // 2, allowed[1]))
    try:
        with pytest.raises(CommandError, match=r"The export is not finished: .* To go on: manage.py export_board"):
            export(tmp_path / "full")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, allowed)
    assert [file.name for file in (tmp_path / "full").iterdir()] == [".unfinished"]
    assert export(tmp_path / "full") == whole


def test_two_exports_into_one_folder_do_not_mix(editions, tmp_path):
    other = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(CommandError, match="Another export is writing"):
        export(tmp_path)
    os.close(other)
    assert sorted(export(tmp_path)) == FILES


def test_what_does_not_exist_is_refused_in_one_line(editions, tmp_path):
    Series.objects.create(slug="elsewhere", title="Elsewhere")
    (tmp_path / "file").write_text("not a folder")
    for options, why in (
        ({"series": "round-7"}, "There is no series 'round-7'."),
        ({"series": "\0"}, r"There is no series '\x00'."),
        ({"number": 4}, "round-1 has no board 4; its boards are 1 to 3."),
        ({"number": 0}, "round-1 has no board 0; its boards are 1 to 3."),
        ({"number": -1}, "round-1 has no board -1; its boards are 1 to 3."),
        ({"number": 10**30}, f"round-1 has no board {10**30}; its boards are 1 to 3."),
        ({"series": "elsewhere"}, "elsewhere was imported: its ballots are in the file that it came from."),
        ({"out": tmp_path / "file"}, f"The export is not finished: {tmp_path / 'file'}"),
        ({"out": tmp_path / "file" / "below"}, f"The export is not finished: {tmp_path / 'file'}"),
    ):
        with pytest.raises(CommandError) as refused:
            call_command("export_board", **({"out": tmp_path} | options))
        assert str(refused.value).startswith(why)
        assert "\n" not in str(refused.value)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


@pytest.mark.django_db
def test_before_the_first_round_there_is_nothing_to_export(tmp_path):
    with pytest.raises(CommandError, match="There is no board yet"):
        export(tmp_path)


def test_each_edition_has_a_folder_of_its_own(editions, settings, tmp_path, capsys):
    settings.DATA_DIR = tmp_path
    call_command("export_board")
    call_command("export_board", number=2)
    folders = [tmp_path / "exports" / f"round-1-board-{number}" for number in (2, 3)]
    assert sorted((tmp_path / "exports").iterdir()) == folders
    told = capsys.readouterr()
    assert told.out.splitlines()[0] == f"Wrote {folders[1] / 'README.md'}"
    assert told.err == ""  # no bar where nobody looks at a terminal


class Terminal(StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_the_progress_is_shown(editions, small_parts, tmp_path, monkeypatch):
    with interrupted():
        export(tmp_path)
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    export(tmp_path)
    assert "121/121" in terminal.getvalue()
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    export(tmp_path, verbosity=0)
    assert terminal.getvalue() == ""


def test_a_cut_that_is_made_stands_even_if_its_files_cannot_be_written(editions, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(CommandError, match=r"To go on: manage\.py export_board --series round-1 --number 5"):
        call_command("close_round", out=tmp_path / "file")
    editions.refresh_from_db()
    assert editions.state == "provisional"
    assert {*FILES, "decision.json"} < {*export(tmp_path / "again", series="round-1", number=5)}
    assert Board.objects.get(series=editions.series, number=5).position == 126
    assert editions.closed_at > timezone.now() - timedelta(minutes=1)


def test_the_rules_are_exported_as_they_were_hashed_when_the_board_was_made(contest, tmp_path):
    first = contest.rulebooks.get().content
    amend_round(contest, {"voter_cap": 12}, reason="More people came than expected.")
    export(tmp_path / "old", number=1)
    export(tmp_path / "new")
    assert (tmp_path / "old" / "rulebook.json").read_text() == first
    amended = contest.rulebooks.get(version=2)
    assert hashlib.sha256((tmp_path / "new" / "rulebook.json").read_bytes()).hexdigest() == amended.digest
