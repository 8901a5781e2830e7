"""What the command prints, plots and shows meanwhile, wherever that goes: terminals, pipes, files."""

import importlib
import io
import json
import os
import runpy
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from rating import progress, tables
from rating.command import main
from tests.rating.test_ballot_files import BALLOTS, GOOD, written
from tests.rating.test_command import APART, REPOSITORY, UNDEFEATED


def test_help_is_no_error(run):
    with pytest.raises(SystemExit) as left:
        run("fit", "--help")
    assert left.value.code == 0


def test_strangers_names_cannot_write_on_the_terminal(tmp_path, run):
    rows = [{"a": "\x1b[2J\n", "b": "w", "winner": "a"}, {"a": "\ud800", "b": "w", "winner": "tie"}]
    file = written(tmp_path, "votes.jsonl", "\n".join(map(json.dumps, rows)))
    status, said, _ = run("fit", file)
    assert status == 0
    assert "\\x1b[2J\\n" in said
    assert "\\ud800" in said
    assert "\x1b" not in said
    apart = written(tmp_path, "apart.jsonl", json.dumps(rows[0]) + "\n" + GOOD)
    _, _, wrong = run("fit", apart)
    assert "\x1b" not in wrong
    assert wrong.count("\n") == 1


def test_columns_stand_below_each_other_whatever_the_script(tmp_path, run):
    file = written(tmp_path, "v.csv", f"a,b,winner\n개미핥기,e\u0301te\u0301,a\n{'x' * 99},개미핥기,a\n")
    _, said, _ = run("fit", file)
    ends = {tables.width(line.rstrip("* ")) for line in said.splitlines()[:4]}
    assert len(ends) == 1
    assert [tables.width(text) for text in ("개미", "e\u0301", "ab")] == [4, 1, 2]
    assert f" {'x' * 59}…" in said


def test_a_terminal_without_hangul_gets_codes(tmp_path):
    file = written(tmp_path, "votes.jsonl", BALLOTS)
    done = subprocess.run(
        [sys.executable, "-m", "rating", "fit", file],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert rb"\uac1c\ubbf8" in done.stdout


def test_a_reader_who_has_seen_enough_is_no_error(published):
    pipe = f"{sys.executable} -W error -m rating fit {published}/llmfao.csv --json | head -c 10"
    done = subprocess.run(["bash", "-c", pipe], cwd=REPOSITORY, capture_output=True, check=False)
    assert (done.stdout, done.stderr) == (b'{"log_like', b"")


def test_a_pipe_nobody_reads_is_no_error(tmp_path, monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert main(["fit", str(written(tmp_path, "votes.csv", UNDEFEATED))]) == 0


def test_the_board_may_be_printed_into_anything(tmp_path, monkeypatch):
    into = io.StringIO()
    monkeypatch.setattr(sys, "stdout", into)
    assert main(["fit", str(written(tmp_path, "votes.csv", UNDEFEATED))]) == 0
    assert "P(cut)" not in into.getvalue()
    assert "provisional" in into.getvalue()


def test_the_package_runs_as_a_module_and_does_nothing_when_imported(monkeypatch, capsys):
    importlib.import_module("rating.__main__")
    monkeypatch.delitem(sys.modules, "rating.__main__")
    monkeypatch.setattr(sys, "argv", ["rating", "fit", "missing.csv"])
    with pytest.raises(SystemExit) as left:
        runpy.run_module("rating", run_name="__main__")
    assert left.value.code == 2
    assert "No such file" in capsys.readouterr().err


def test_too_little_memory_is_said_in_one_line(tmp_path, run, monkeypatch):
    def too_much(*_, **__):
        raise MemoryError

    monkeypatch.setattr("rating.command.read_votes", too_much)
    assert run("fit", "v.csv") == (2, "", "rating: there is not enough memory for so many players\n")


def test_a_plot_shows_every_player(tmp_path, run):
    file = written(tmp_path, "v.csv", UNDEFEATED.replace("y", "$개미$"))
    for ending in ("svg", "png", "pdf"):
        image = tmp_path / f"board.{ending}"
        assert run("plot", file, "-o", image, "--below", "1", "--scale", "nats") == (0, "", "")
        assert image.stat().st_size > 1000
    drawn = " ".join(ElementTree.parse(tmp_path / "board.svg").getroot().itertext())  # noqa: S314  we made it
    for words in ("best", "x", "$개미$", "hollow: provisional", "rating, nats", "60 votes"):
        assert words in drawn
    first = (tmp_path / "board.svg").read_bytes()
    run("plot", file, "-o", tmp_path / "board.svg", "--below", "1", "--scale", "nats")
    assert (tmp_path / "board.svg").read_bytes() == first


def test_a_plot_of_players_who_never_met_is_refused(tmp_path, run):
    status, _, wrong = run("plot", written(tmp_path, "v.csv", APART), "-o", tmp_path / "board.svg")
    assert status == 2
    assert "v, w | x, y" in wrong
    assert not (tmp_path / "board.svg").exists()


def test_plotting_without_matplotlib_names_the_extra(tmp_path, run, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    _, _, wrong = run("plot", written(tmp_path, "v.csv", UNDEFEATED), "-o", tmp_path / "board.svg")
    assert "install the extra `plot`" in wrong


def test_a_large_file_shows_how_far_it_is(tmp_path, run, monkeypatch):
    monkeypatch.setattr(progress, "LARGE", 100)
    small = written(tmp_path, "small.csv", "a,b,winner\n" + "x,y,a\nx,y,b\n" * 50)
    large = written(tmp_path, "large.csv", "a,b,winner\n" + "x,y,a\nx,y,b\n" * 51)
    assert run("fit", small)[2] == ""
    seen = run("fit", large)[2]
    assert "large.csv: 100%|##########| 102/102" in seen
    assert seen.endswith("\n")
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert run("fit", large)[2] == "large.csv: 102 rows, 100%\n"


def test_without_tqdm_a_line_is_written_at_every_tenth(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    into = io.StringIO()
    with progress.Progress("v.csv", into) as told:
        for part in range(1, 31):
            told(part * 100_000, part / 30)
        told(1, 0)
    lines = into.getvalue().splitlines()
    assert lines[0] == "v.csv: 300,000 rows, 10%"
    assert len(lines) == 10
