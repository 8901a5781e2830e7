"""`manage.py doctor`, read aloud: what it says of a site that is well, and of sites that are not."""

import json
import os
import shutil
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from arena.models import Vote
from config.models import Heartbeat
from inference.models import Worker as WorkerRow
from leaderboard.models import Round
from tests.conftest import ROOT, skip_or_fail
from tests.leaderboard.test_folding import cast
from tests.processes import ended_at_last, free_port, fresh_database, own_database_url
from tests.servers import wait_until

ON_POSTGRES = os.environ.get("DATABASE_URL", "").startswith("postgres")
ON_REDIS = bool(os.environ.get("REDIS_URL"))
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
SECRET = "for-tests-only-0123456789-0123456789-0123456789-012"
needs_redis = pytest.mark.skipif(not ON_REDIS, reason="without Redis there is none to ask")
needs_postgres = pytest.mark.skipif(not ON_POSTGRES, reason="a file has no clock and no port")


def asked(*options: str, **settings: str) -> tuple[int, str]:
    """Its exit status and every word it said."""
    inherited = {name: os.environ[name] for name in ("PATH", "DATABASE_URL", "REDIS_URL") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", *options],
        cwd=ROOT,
        env={**inherited, "SECRET_KEY": SECRET, "WORKER_KEYS": SECRET, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def answer(level: str, words: str, mend: str = "") -> str:
    """An answer as it stands on the screen."""
    return f"{level:<4}  {words}\n" + (f"      → {mend}\n" if mend else "")


@pytest.fixture
def doctor(tmp_path):
    def ask(*options: str, **settings: str) -> tuple[int, str]:
        return asked(*options, **{"DATA_DIR": str(tmp_path), **settings})

    ask.folder = tmp_path
    return ask


@pytest.fixture
def at_work(contest):
    """The address of this test's database, with an open round whose workers have just been asked."""
    WorkerRow.objects.update(checked_at=timezone.now())
    return own_database_url()


def test_a_mail_server_is_asked_whether_it_takes_letters(doctor, at_work):
    assert (
        f"ok    mail: no server is set; letters are kept in {doctor.folder}/mail\n" in doctor(DATABASE_URL=at_work)[1]
    )
    port = free_port()
    settings = {"MAIL_HOST": "127.0.0.1", "MAIL_PORT": str(port), "MAIL_PASSWORD": "hunter2", "MAIL_SECURITY": "none"}
    said = doctor(DATABASE_URL=at_work, **settings)[1]
    assert f"warn  mail: 127.0.0.1:{port} cannot be used: " in said
    assert "set MAIL_HOST, MAIL_PORT" in said
    assert "hunter2" not in said


def test_a_site_that_is_well_is_said_to_be(echo_site):
    def well():
        environment = {name: echo_site.environment.get(name, "") for name in ("DATA_DIR", "DATABASE_URL", "REDIS_URL")}
        status, well.said = asked(**environment)
        return status == 0

    wait_until(well, every=0.5)  # a beat comes every ten
    assert "\nok    database: " in well.said
    assert "ok    migrations: all are applied\n" in well.said
    assert "what beat sends last reached a worker " in well.said
    assert "ok    models: 4 of 4 entries can answer\n" in well.said
    assert "ok    round: Round 1 is open until " in well.said
    assert ("\nok    worker: celery@" in well.said) == ON_REDIS
    assert well.said.endswith(" well, 0 to look at, 0 bad.\n")


def test_a_database_that_cannot_be_reached_is_named_without_its_password(doctor):
    port = free_port()
    status, said = doctor(DATABASE_URL=f"postgres://arena:hunter2@127.0.0.1:{port}/arena", REDIS_URL="")
    assert status == 1
    refused = f'connection failed: connection to server at "127.0.0.1", port {port} failed: Connection refused'
    words, mend = f"database: 127.0.0.1/arena cannot be used: {refused}", "Start it, or set DATABASE_URL"
    assert answer("bad", words, f"{mend} (and DATABASE_PASSWORD) to where it is.") in said
    assert "ok    disk: " in said
    assert "migrations" not in said
    assert "hunter2" not in said


def test_a_right_production_has_settings_that_fit(doctor):
    _, said = doctor(
        ALLOWED_HOSTS="arena.example.org",
        HTTPS="true",
        TRUSTED_PROXIES="1",
        DATABASE_URL="postgres://127.0.0.1:1/arena",
        REDIS_URL="redis://127.0.0.1:1/0",
        MAIL_HOST="127.0.0.1",
        MAIL_PORT="1",
    )
    assert said.startswith("ok    settings: they fit together\n")


def test_where_everything_hangs_it_answers_all_the_same(doctor):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        status, said = doctor(
            DATABASE_URL=f"postgres://127.0.0.1:{port}/arena", REDIS_URL=f"redis://127.0.0.1:{port}/0"
        )
    assert status == 1
    assert "bad   database: 127.0.0.1/arena cannot be used: connection timeout expired\n" in said
    assert f"bad   redis: 127.0.0.1:{port} cannot be used: Timeout reading from socket\n" in said


def test_a_database_without_its_tables_is_told_to_migrate(doctor, tmp_path):
    def say(url):
        status, said = doctor(DATABASE_URL=url)
        assert status == 1
        missing = "contenttypes.0001_initial, contenttypes.0002_remove_content_type_name, auth.0001_initial"
        assert f"bad   migrations: not applied: {missing} and " in said
        assert " more\n      → python manage.py migrate\n" in said
        assert "round" not in said

    if ON_POSTGRES:
        with fresh_database(os.environ["DATABASE_URL"]) as url:
            say(url)
    else:
        say(f"sqlite:///{tmp_path}/new.sqlite3")


def test_a_redis_that_cannot_be_reached_is_named_without_its_password(doctor, at_work):
    port = free_port()
    status, said = doctor(DATABASE_URL=at_work, REDIS_URL=f"redis://:hunter2@127.0.0.1:{port}/0")
    assert status == 1
    refused = f"Error 111 connecting to 127.0.0.1:{port}. Connection refused."
    words = f"redis: 127.0.0.1:{port} cannot be used: {refused}"
    assert answer("bad", words, "Start it, or set REDIS_URL to where it is.") in said
    assert "worker: " not in said
    assert "ok    round: Round 1 is open until " in said
    assert "hunter2" not in said


def test_a_redis_that_drops_things_when_full_is_told_not_to(doctor):
    if not shutil.which("redis-server"):
        skip_or_fail("redis-server is not installed")
    port = free_port()
    full = ["--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru"]
    with ended_at_last(["redis-server", "--port", str(port), "--save", "", *full], dict(os.environ)) as server:
        wait_until(lambda: any("Ready to accept" in line for line in server.stdout))
        _, said = doctor(REDIS_URL=f"redis://127.0.0.1:{port}/0")
    words = "redis: when its memory is full it drops what it likes (allkeys-lru): tasks, and words of running answers"
    assert answer("warn", words, "redis-cli config set maxmemory-policy noeviction") in said


@needs_redis
def test_a_worker_that_does_not_run_is_missed(doctor, at_work):
    status, said = doctor(DATABASE_URL=at_work)
    assert status == 1
    words = "worker: no Celery worker answered within 2 s: votes are kept, not counted"
    assert answer("bad", words, "celery -A config worker") in said


def test_a_beat_that_never_ran_is_missed(doctor, at_work):
    status, said = doctor(DATABASE_URL=at_work)
    assert status == 1
    who, mend = ("beat", "celery -A config beat") if ON_REDIS else (
        "worker and beat", "Start the web process; both are threads of it."
    )  # fmt: skip
    assert f"bad   {who}: nothing that beat sends has ever reached a worker\n      → {mend}\n" in said


def test_a_beat_that_stopped_is_missed_after_a_minute(doctor, at_work):
    Heartbeat.objects.create(id=1, at=timezone.now() - timedelta(seconds=30))
    assert "beat: what beat sends last reached a worker 3" in doctor(DATABASE_URL=at_work)[1]
    Heartbeat.objects.update(at=timezone.now() - timedelta(minutes=7))
    status, said = doctor(DATABASE_URL=at_work)
    assert status == 1
    assert "beat: what beat sends last reached a worker 7 minutes ago\n      → " in said


def test_a_model_server_that_is_down_is_named_with_the_entry_it_silences(doctor, at_work, worker):
    WorkerRow.objects.filter(entry__slug="cedar").update(healthy=False)
    alder = WorkerRow.objects.get(entry__slug="alder")
    WorkerRow.objects.create(entry=alder.entry, url="http://10.0.0.9:8000", served_name="alder")
    WorkerRow.objects.filter(entry__slug="birch").delete()
    status, said = doctor(DATABASE_URL=at_work, REDIS_URL="")
    assert status == 1
    words = f"models: Cedar does not answer at {worker.url}, so it is not drawn"
    assert answer("bad", words, f"Start its server; curl {worker.url}/v1/models must say 200.") in said
    assert "warn  models: Alder does not answer at http://10.0.0.9:8000\n" in said
    assert (
        "bad   models: Birch has no worker in service, so it is not drawn\n      → python manage.py add_entry birch "
        in said
    )
    assert "ok    models: 2 of 4 entries can answer\n" in said


def test_workers_nobody_asks_any_more_are_noticed(doctor, at_work):
    WorkerRow.objects.update(checked_at=timezone.now() - timedelta(hours=3))
    said = doctor(DATABASE_URL=at_work, REDIS_URL="")[1]
    assert "warn  models: a worker was last asked 3 hours ago, and should be every ten seconds\n" in said


def test_a_round_whose_end_has_passed_waits_for_its_cut(doctor, at_work, contest):
    begun = timezone.now() - timedelta(days=9)
    Round.objects.update(opens_at=begun, ends_at=begun + timedelta(days=5))
    assert (
        "bad   round: Round 1 ended 4 days ago and nobody has closed it\n"
        in doctor(DATABASE_URL=at_work, REDIS_URL="")[1]
    )
    contest.gate.is_open = False
    contest.gate.save()
    said = doctor(DATABASE_URL=at_work, REDIS_URL="")[1]
    assert "warn  round: Round 1 ended 4 days ago and waits for its cut\n      → python manage.py close_round\n" in said


def test_votes_that_wait_too_long_mean_a_fold_that_is_stuck(doctor, at_work, contest):
    cast(contest, "alder", "birch", "a")
    assert "ok    votes: board 1 of round-1 knows 0\n" in doctor(DATABASE_URL=at_work, REDIS_URL="")[1]
    Vote.objects.update(cast_at=timezone.now() - timedelta(minutes=5))
    status, said = doctor(DATABASE_URL=at_work, REDIS_URL="")
    assert status == 1
    words = "votes: 1 are not counted yet, the oldest was cast 5 minutes ago: the fold is stuck"
    assert answer("bad", words, "Look for fold_open_rounds in the worker's log; restart the worker.") in said


@needs_postgres
@pytest.mark.parametrize(
    ("off", "line"),
    [
        ("+3s", "warn  clock: ours is 3.0 s ahead of the database's: a round would end at two moments\n"),
        ("-90s", "bad   clock: ours is 90.0 s behind the database's: a round would end at two moments\n"),
    ],
)
def test_a_clock_that_is_off_is_noticed(doctor, at_work, off, line):
    if not FAKETIME.exists():
        skip_or_fail("libfaketime is not installed")
    shifted = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": off, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    said = doctor(DATABASE_URL=at_work, **shifted)[1]
    assert f"{line}      → On both machines: timedatectl set-ntp true\n" in said
    assert not ON_REDIS or line.replace("the database's", "Redis'") in said


def test_a_folder_that_cannot_be_written_is_named(doctor, at_work):
    status, said = doctor(DATABASE_URL=at_work, DATA_DIR="/proc/nowhere")
    assert status == 1
    words = "disk: /proc/nowhere cannot be written: No such file or directory"
    assert answer("bad", words, "Give the folder to the user who runs the site, or set DATA_DIR to another.") in said


def test_settings_that_do_not_fit_together_are_among_its_answers(doctor, at_work):
    settings = {"ALLOWED_HOSTS": "https://arena.example.org", "FOLD_SECONDS": "60"}
    status, said = doctor(DATABASE_URL=at_work, REDIS_URL="", **settings)
    assert status == 1
    assert "bad   settings: ALLOWED_HOSTS must be host names " in said
    assert "warn  settings: FOLD_SECONDS is 60: " in said


def test_a_script_gets_the_same_answers_as_json(doctor, at_work):
    status, said = doctor("--json", DATABASE_URL=at_work, REDIS_URL="")
    told = json.loads(said)
    assert (status, told["well"]) == (1, False)
    beat = next(answer for answer in told["answers"] if answer["what"].endswith("beat"))
    assert beat["level"] == "bad"
    assert set(beat) == {"level", "what", "words", "mend"}
