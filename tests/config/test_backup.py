"""`manage.py backup` and `manage.py restore`: a lost machine costs no vote that was backed up."""

import hashlib
import json
import os
import stat
import subprocess
import sys
import tarfile
import threading
from contextlib import closing, contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from arena.models import Vote
from config import contents
from leaderboard.boards import board
from leaderboard.fold import fold
from leaderboard.models import Round, Standing
from tests.conftest import ROOT
from tests.leaderboard.test_closing import close, decide
from tests.leaderboard.test_folding import cast
from tests.processes import answers, ended_at_last, free_port, fresh_database, own_database_url
from tests.servers import PATIENCE, wait_until
from tests.visitor import Visitor

ON_POSTGRES = os.environ.get("DATABASE_URL", "").startswith("postgres")
needs_postgres = pytest.mark.skipif(not ON_POSTGRES, reason="SQLite needs no program to copy it")


@pytest.fixture
def played(contest, tmp_path):
    """A contest in its second round: one entry is out, and some votes have no position yet."""
    decide(contest)
    cast(contest, "dogwood", "alder", "a", counted=False)
    close(tmp_path / "first")
    second = Round.objects.get(number=2)
    for first, other in (("alder", "birch"), ("birch", "cedar")):
        for n in range(9):
            cast(second, first, other, "tie" if n % 3 == 2 else "a")
    fold(second)
    cast(second, "alder", "cedar", "both_bad")
    return second


@pytest.fixture
def environment(tmp_path):
    """That of an operator on a machine of one's own; only the address of the database is still to be said."""
    return {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "SECRET_KEY": "0123456789" * 5, "REDIS_URL": ""}


@pytest.fixture
def manage(environment):
    def run(url: str, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        everything = environment | {"DATABASE_URL": url} | more
        command = (sys.executable, "manage.py", *command)
        return subprocess.run(command, cwd=ROOT, env=everything, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def back_up(manage, tmp_path):
    """Runs the command on the test's own database."""
    return partial(manage, own_database_url(), "backup", str(tmp_path / "arena.tar"))


@pytest.fixture
def backup(played, tmp_path):
    """The played contest in a file."""
    call_command("backup", tmp_path / "arena.tar")
    return tmp_path / "arena.tar"


@pytest.fixture
def empty(tmp_path):
    """The address of a database with nothing in it."""
    if ON_POSTGRES:
        with fresh_database(os.environ["DATABASE_URL"]) as url:
            yield url
    else:
        yield f"sqlite:///{tmp_path}/restored.sqlite3"


def test_a_restored_contest_is_the_same_and_goes_on(played, back_up, manage, environment, empty, tmp_path):
    file = tmp_path / "arena.tar"
    done = back_up()
    assert done.returncode == 0, done.stderr
    assert "round-1: board 3 of 60 votes.\nround-2: board 2 of 18 votes.\nSECRET_KEY is not in it" in done.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert environment["SECRET_KEY"].encode() not in file.read_bytes()
    shown = board("round-1")

    said = manage(empty, "restore", str(file))
    assert said.returncode == 0, said.stdout + said.stderr
    assert "round-1, board 3 of 60 votes: as backed up.\nround-2, board 2 of 18 votes: as backed up.\n" in said.stdout
    assert "Round 1, recounted from its ballots: agrees. Board 3 has 60 votes, the ballots 60;" in said.stdout
    assert "Round 2, recounted from its ballots: agrees. Board 2 has 18 votes, the ballots 18;" in said.stdout

    with serving(environment | {"DATABASE_URL": empty}) as url, closing(Visitor(url)) as visitor:
        assert visitor.http.get("/api/v1/board?series=round-1").json() == shown
        duel = visitor.start()
        assert duel.ask("hi")[-1] == {"type": "ready"}
        receipt = duel.vote("a").json()
        assert receipt["vote"] > Vote.objects.latest("id").id
        # The one that had no position, and the new one.
        wait_until(lambda: visitor.http.get("/api/v1/board?series=round-2").json()["votes"] == 20)
        assert {side["slug"] for side in receipt["names"].values()} <= {"alder", "birch", "cedar"}


def test_the_restored_ballots_are_the_same_bytes(backup, manage, empty, tmp_path):
    manage(empty, "restore", str(backup))
    call_command("close_round", "--out", str(tmp_path / "here"))
    closed = manage(empty, "close_round", "--out", str(tmp_path / "there"))
    assert closed.returncode == 0, closed.stderr
    here, there = ((tmp_path / folder / "ballots.jsonl.gz").read_bytes() for folder in ("here", "there"))
    assert here == there
    assert len(here) > 500


def test_a_backup_is_of_one_moment_while_votes_arrive(played, back_up, manage, empty, tmp_path):
    begun, over = threading.Event(), threading.Event()

    def vote():
        while not over.is_set():
            cast(played, "alder", "birch", "a")
            fold(played)
            begun.set()
        connection.close()

    voting = threading.Thread(target=vote)
    voting.start()
    begun.wait(PATIENCE)
    before = Vote.objects.count()
    done = back_up()
    after = Vote.objects.count()
    over.set()
    voting.join()
    assert done.returncode == 0, done.stderr
    with tarfile.open(tmp_path / "arena.tar") as tar:
        rows = json.load(tar.extractfile("manifest.json"))["manifest"]["rows"]
    assert before < rows["arena_vote"] < after
    said = manage(empty, "restore", str(tmp_path / "arena.tar"))
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout.count(": agrees.") == 2


def test_a_broken_or_cut_file_is_refused_and_changes_nothing(backup, tmp_path, capsys):
    whole = backup.read_bytes()
    rows = contents.rows()
    capsys.readouterr()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    manifest = whole.replace(b'"votes": 18', b'"votes": 19')
    assert manifest != whole
    for name, content, words in (
        ("flipped", flipped, "is broken: the database in it is not the one that was written"),
        ("forged", manifest, "is broken: its manifest is not the one that was written"),
        ("cut", whole[:middle], "is no backup, or only a part of one"),
        ("other", b"not a tar at all", "is no backup, or only a part of one"),
    ):
        (tmp_path / name).write_bytes(content)
        assert refused(tmp_path / name) == f"Nothing was restored: {tmp_path / name} {words}."
    assert refused(tmp_path / "absent").endswith("absent cannot be read: No such file or directory.")
    assert capsys.readouterr().out == ""
    assert contents.rows() == rows


def test_a_database_that_is_not_empty_is_left_alone(backup):
    rows = contents.rows()
    said = refused(backup)
    assert "is not empty (" in said
    assert said.endswith("restore into a new one.")
    assert contents.rows() == rows


@pytest.mark.django_db(transaction=True)
def test_a_backup_never_replaces_a_file(tmp_path):
    file = tmp_path / "arena.tar"
    file.write_text("yesterday")
    with pytest.raises(CommandError) as said:
        call_command("backup", file)
    assert str(said.value) == f"No backup was made: {file} exists already."
    assert file.read_text() == "yesterday"


def test_a_board_that_does_not_follow_from_its_ballots_is_told(played, manage, empty, tmp_path):
    standing = Standing.objects.filter(board__series__slug="round-1", slug="birch").latest("id")
    Standing.objects.filter(pk=standing.pk).update(rating=standing.rating + 0.01)
    call_command("backup", tmp_path / "arena.tar")
    said = manage(empty, "restore", str(tmp_path / "arena.tar"))
    assert said.returncode == 1
    assert "Round 1, recounted from its ballots: DIFFERS. " in said.stdout
    assert "Round 2, recounted from its ballots: agrees. " in said.stdout
    assert said.stderr == "CommandError: The restored database is not what was backed up: Round 1.\n"


def test_what_is_not_as_backed_up_is_told(backup, manage, empty):
    def forge(manifest):
        manifest["series"]["round-2"]["ballots"] = "of other votes"

    remade(backup, forge)
    said = manage(empty, "restore", str(backup))
    assert said.returncode == 1
    assert "round-2, board 2 of 18 votes: DIFFERS. Backed up: {" in said.stdout
    assert "not what was backed up: round-2, board 2 of 18 votes.\n" in said.stderr


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("engine", "oracle", "it is of oracle, and this database is "),
        ("format", 2, "has format 2, and this code reads format 1"),
        ("migrations", ["arena.9999_newer"], "newer code made it (arena.9999_newer is not known here)"),
    ],
)
def test_a_backup_of_something_else_is_refused(tmp_path, key, value, words):
    call_command("backup", file := tmp_path / "arena.tar")
    remade(file, lambda manifest: manifest.update({key: value}))
    assert words in refused(file)


@needs_postgres
@pytest.mark.parametrize(
    ("program", "words"),
    [
        (None, "pg_dump is not installed; it comes with PostgreSQL's client (Debian: postgresql-client)"),
        ("echo 'pg_dump (PostgreSQL) 9.6'", "is too old (pg_dump (PostgreSQL) 9.6) for this server; install"),
        ('[ "$1" = --version ] && echo 99 && exit; echo no such thing >&2; exit 1', "no such thing"),
    ],
)
def test_a_pg_dump_that_cannot_do_it_is_told_and_leaves_nothing(played, back_up, tmp_path, program, words):
    programs = tmp_path / "programs"
    programs.mkdir()
    if program:
        put_program(programs / "pg_dump", program)
    said = back_up(PATH=str(programs))
    assert said.returncode == 1
    assert f"No backup was made: {words}" in said.stderr.replace(f"{programs}/pg_dump ", "")
    assert not [left for left in tmp_path.iterdir() if "arena" in left.name]


@needs_postgres
def test_the_password_is_no_argument(played, manage, tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    put_program(programs / "pg_dump", f'echo "$@" >>{tmp_path}/arguments; echo "$PGPASSWORD" >{tmp_path}/password; '
                                      'PATH="$REAL" exec pg_dump "$@"')  # fmt: skip
    url = own_database_url().replace("postgres@", "postgres:hunter2@")
    path = f"{programs}:{os.environ['PATH']}"
    done = manage(url, "backup", str(tmp_path / "arena.tar"), PATH=path, REAL=os.environ["PATH"])
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "password").read_text() == "hunter2\n"
    assert "--dbname test_" in (tmp_path / "arguments").read_text()
    assert "hunter2" not in (tmp_path / "arguments").read_text()


@contextmanager
def serving(environment):
    """A web process of the restored site, with its own Celery."""
    port = free_port()
    uvicorn = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port), "--log-level", "error"]
    with ended_at_last(uvicorn, environment):
        wait_until(lambda: answers(f"http://127.0.0.1:{port}"))
        yield f"http://127.0.0.1:{port}"


def refused(file: Path) -> str:
    """Why nothing is restored from it; in the test's own database, which is not even looked at."""
    with pytest.raises(CommandError) as said:
        call_command("restore", file)
    return str(said.value)


def put_program(file: Path, script: str) -> None:
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def remade(file: Path, change) -> None:
    """The backup with another manifest, sealed as a right one is."""
    with tarfile.open(file) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))["manifest"]
        dumped = tar.extractfile("database.dump").read()
    change(manifest)
    seal = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    text = json.dumps({"manifest": manifest, "sha256": seal}).encode()
    with tarfile.open(file, "w") as tar:
        for name, data in (("manifest.json", text), ("database.dump", dumped)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, BytesIO(data))
