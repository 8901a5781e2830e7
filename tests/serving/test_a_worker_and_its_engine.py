"""serve_worker with the stand-in as its engine: real processes, one row of the database, and every way they may end."""

import os
import signal
import socket
from contextlib import contextmanager

import httpx
import pytest
from django.core.management import CommandError, call_command

from accounts.models import Team, User
from accounts.tokens import make_token
from inference.draining import drain
from inference.entries import add_entry, describe_entry
from inference.models import Beat, Drain, DrainCause, Entry, Worker
from inference.tasks import check_all
from leaderboard.amending import amend_round
from leaderboard.models import Round
from tests.processes import free_port, own_database_url
from tests.servers import PATIENCE, wait_until
from tests.serving.machine import children, group, machine

QUICK = ["--engine=standin", "--beat-seconds=0.2", "--pause-seconds=0.1", "--drain-seconds=20"]


@pytest.fixture
def env(tmp_path):
    kept = {name: os.environ[name] for name in ("PATH", "REDIS_URL") if name in os.environ}
    return kept | {"DATA_DIR": str(tmp_path), "DATABASE_URL": own_database_url()}


@pytest.fixture
def serve(contest, env):
    """Starts a machine for Alder, whose only worker it becomes."""
    Worker.objects.filter(entry__slug="alder").delete()

    @contextmanager
    def start(*words, port=None):
        unchecked = [] if "--site" in " ".join(words) else ["--unchecked"]
        with machine("alder", f"--port={port or free_port()}", *QUICK, *unchecked, *words, env=env) as made:
            yield made

    return start


def held(worker):
    """Whether its team has taken it out of service."""
    return worker.drains.filter(cause=DrainCause.TEAM, ended_at=None).exists()


def healthy():
    return Worker.objects.filter(entry__slug="alder", healthy=True).exists()


@contextmanager
def speaking(prompt):
    """A reply of Alder's worker that has begun; its lines."""
    url = Worker.objects.get(entry__slug="alder").url
    asked = {"messages": [{"role": "user", "content": prompt}], "stream": True}
    with (
        httpx.Client(trust_env=False, timeout=PATIENCE) as http,
        http.stream("POST", f"{url}/v1/chat/completions", json=asked) as reply,
    ):
        lines = reply.iter_lines()
        next(lines)
        yield lines


def test_a_worker_dies_hangs_and_serves_again_and_at_its_end_what_runs_is_finished(serve):
    with serve("--slots=3", "--served-name=alder-7b", "--stuck-seconds=0.5") as machine:
        machine.await_words("alder-7b is in service.")
        worker = Worker.objects.get(entry__slug="alder")
        assert (worker.served_name, worker.slots, worker.healthy) == ("alder-7b", 3, True)
        wait_until(lambda: Beat.objects.get().readings == {"running": 0})

        os.kill(machine.engine(), signal.SIGKILL)
        machine.await_words("The engine ended with 137. Starting it again")
        wait_until(lambda: not healthy())
        assert Beat.objects.get().state == "restarting"
        wait_until(healthy)

        os.kill(machine.engine(), signal.SIGSTOP)
        machine.await_words("The engine had not answered for 0.5 s. Starting it again")
        wait_until(healthy)
        assert Beat.objects.get().state == "serving"
        assert not Drain.objects.exists()

        with speaking("!words=20 !delay=0.1") as lines:
            machine.tell(signal.SIGTERM)
            machine.await_words("Draining")
            assert Drain.objects.get(ended_at=None).worker == worker
            assert [line for line in lines if line][-1] == "data: [DONE]"
        assert machine.await_end() == 0
        assert machine.output[-2:] == ["serve_worker: Drained.\n", "serve_worker: Stopped.\n"]
        assert (Beat.objects.get().state, healthy()) == ("stopped", False)


def test_whoever_is_killed_nothing_is_left_running(serve):
    with serve() as machine:
        machine.await_words("in service")
        # What somebody does to the worker by hand holds while its engine is started again.
        drain([worker := Worker.objects.get(entry__slug="alder")], DrainCause.TEAM)
        engine, (guard,) = machine.engine(), children(machine.process.pid)
        os.kill(guard, signal.SIGKILL)
        machine.await_words("It is ready", times=2)
        assert not group(engine)
        wait_until(healthy)
        assert held(worker)
        machine.tell(signal.SIGKILL)
        assert machine.await_end() == -signal.SIGKILL


def test_a_new_start_ends_a_drain_and_told_twice_it_ends_at_once(serve):
    port = free_port()
    worker = Worker.objects.create(
        entry=Entry.objects.get(slug="alder"), url=f"http://127.0.0.1:{port}", served_name="alder"
    )
    drain([worker], DrainCause.TEAM)
    with serve(port=port) as machine:
        machine.await_words("in service")
        assert not held(worker)
        with speaking("!endless !delay=0.1") as lines:
            machine.tell(signal.SIGTERM)
            machine.await_words("Draining")
            machine.tell(signal.SIGTERM)
            assert machine.await_end() == 0
            with pytest.raises(httpx.RemoteProtocolError):
                list(lines)


def test_a_taken_port_is_one_clear_line(serve):
    with socket.create_server(("127.0.0.1", 0)) as taken, serve(port=(port := taken.getsockname()[1])) as machine:
        assert machine.process.wait(PATIENCE) == 1
        machine.reading.join(PATIENCE)
        assert machine.output == [f"CommandError: Port {port} of 127.0.0.1 is taken; --port names another.\n"]
    assert not Worker.objects.filter(entry__slug="alder").exists()


def test_an_engine_that_never_gets_ready_is_tried_so_often_and_then_given_up(serve):
    with serve("--ready-seconds=0.5", "--tries=2", "--", "--unready") as machine:
        machine.await_words("Starting")
        assert machine.await_end() == 1
        assert machine.output[-1] == (
            "CommandError: The engine was not ready within 0.5 s. That was the 2. time in a row; giving up.\n"
        )
    assert not Worker.objects.filter(entry__slug="alder").exists()


def test_from_another_machine_it_serves_with_a_token_and_is_checked_first(serve, site, env, tmp_path, settings):
    settings.WORKER_PACE_SECONDS = 0.3
    amend_round(Round.objects.get(), {"hosting": "teams"}, reason="Teams have machines.")
    by = User.objects.create_user("olga")
    _, secret = make_token(Team.objects.get(slug="team-alder"), name="machine", workers=True, by=by)
    (tmp_path / "token").write_text(secret)
    env["DATABASE_URL"] = "sqlite:////nowhere/at/all"
    with serve("--slots=2", f"--site={site}", f"--token-file={tmp_path / 'token'}") as machine:
        machine.await_words("alder is entered; the site checks it")
        worker = Worker.objects.get(entry__slug="alder")
        assert (worker.slots, worker.refused_because) == (2, "unchecked")
        check_all()
        worker.refresh_from_db()
        assert (worker.registered, worker.refused_because, worker.healthy) == (True, "", True)
        wait_until(lambda: Beat.objects.get().readings == {"running": 0})
        # What the checks find later is one clear line, and the engine does not stay.
        Worker.objects.update(registered=False, refused_because="slow")
        assert machine.await_end() == 1
        assert machine.output[-1].startswith("CommandError: The site does not let it in: With ")
    with pytest.raises(CommandError, match="The token's team has no entry birch"):
        call_command("serve_worker", "birch", f"--site={site}", f"--token-file={tmp_path / 'token'}")
    (tmp_path / "token").write_text("lms_wrong")
    with pytest.raises(CommandError, match="The site refuses: "):
        call_command("serve_worker", "alder", f"--site={site}", f"--token-file={tmp_path / 'token'}")


@pytest.mark.django_db
def test_what_makes_no_worker_is_refused_before_anything_starts(tmp_path):
    for slug, about in {"elm": {"weights_digest": "0" * 64}, "fir": {"reasoning": "on"}}.items():
        describe_entry(add_entry(slug=slug, name=slug, team="Team"), about)
    describe_entry(add_entry(slug="ash", name="ash", team="Team"), {"chat_template_digest": "0" * 64})
    (tmp_path / "chat_template.jinja").write_text("another")
    weights = tmp_path / "elm.gguf"
    weights.write_bytes(b"other weights")
    (tmp_path / "key").write_text("two\nlines")
    for words, why in {
        ("elm", "--site=http://127.0.0.1:1"): "--site wants --token-file",
        ("nobody",): "There is no entry nobody.",
        ("elm",): "--model names the folder of its weights, or their repository.",
        ("elm", "--engine=llamacpp"): "--model names the model's .gguf file.",
        ("elm", "--engine=llamacpp", "--model=/nowhere"): "There is no file /nowhere.",
        ("elm", "--engine=llamacpp", f"--model={weights}"): "another model than elm was entered with",
        ("ash", f"--model={tmp_path}"): "chat template of .* is another than ash was entered with",
        ("fir", f"--model={tmp_path}"): "name its parser",
        ("fir", f"--key-file={tmp_path / 'key'}"): "holds no secret of one line",
    }.items():
        with pytest.raises(CommandError, match=why):
            call_command("serve_worker", *words)
