"""How an entry is served: the command line of each engine, from the entry's record and the machine's wishes."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from inference.serving.files import UNSAID, Files, Unreadable, template_digest, weights_digest

KINDS = ("vllm", "llamacpp", "standin")


class CannotServe(Exception):
    """What was asked for makes no worker; the words say why."""


@dataclass(frozen=True, slots=True)
class Card:
    """What the site says of an entry, as far as serving it goes. Empty: not stated."""

    slug: str
    weights_digest: str = ""
    weights_revision: str = ""
    chat_template_digest: str = ""
    context_length: int | None = None
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What this machine's operator wants of the engine."""

    model: str = ""  # a folder or a file, or a name that the engine can fetch
    served_name: str = ""  # the entry's slug unless told
    host: str = "127.0.0.1"
    port: int = 8000
    slots: int = 8
    key: str = ""
    program: str = "vllm"
    extra: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Engine:
    """What is started, and what is known of it."""

    kind: str
    command: Sequence[str]
    served_name: str
    host: str
    port: int
    slots: int
    key: str = field(default="", repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    measures: str = "/metrics"
    files: Files = UNSAID

    @property
    def address(self) -> str:
        """Where we ask it ourselves, on the same machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  where it listens
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def engine(kind: str, card: Card, wish: Wish) -> Engine:
    """The engine of that kind for the entry. Raises CannotServe."""
    return {"vllm": vllm, "llamacpp": llamacpp, "standin": standin}[kind](card, wish)


def vllm(card: Card, wish: Wish) -> Engine:
    """`vllm serve`, so that it answers as the entry's record says and keeps no longer queue than we would."""
    if not wish.model:
        raise CannotServe("--model names the folder of its weights, or their repository.")
    local = Path(wish.model).exists()
    files = files_of(card, wish) if local else UNSAID
    words = ["--host", wish.host, "--port", str(wish.port), "--served-model-name", wish.served_name or card.slug]
    if card.weights_revision and not local:
        words += ["--revision", card.weights_revision, "--tokenizer-revision", card.weights_revision]
    if card.context_length:
        words += ["--max-model-len", str(card.context_length)]
    # The site keeps to the slots, and may deal it more of them. What is beyond that is refused at once and goes to
    # another worker: in vLLM's own queue, which has no end, it would look served.
    most = str(2 * wish.slots)
    words += ["--max-num-seqs", most, "--max-num-queued-reqs", most]
    # It ends when nothing runs any more, and we have waited for that before we tell it to.
    words += ["--shutdown-timeout", "10", *thinking(card, wish.extra)]
    environment = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    if local:
        environment["HF_HUB_OFFLINE"] = "1"
    if wish.key:
        environment["VLLM_API_KEY"] = wish.key  # every user of a machine may read command lines
    return made("vllm", card, wish, [wish.program, "serve", wish.model, *words, *wish.extra], environment, files)


def thinking(card: Card, extra: Sequence[str]) -> list[str]:
    """What vLLM must be told so that a model thinks, or does not, as its record says."""
    if card.reasoning == "off":
        return ["--default-chat-template-kwargs", json.dumps({"enable_thinking": False})]
    if card.reasoning == "on" and not any(word.startswith("--reasoning-parser") for word in extra):
        # Without it the thoughts would be shown as the answer.
        raise CannotServe(f"{card.slug} thinks before it answers: name its parser, after --: --reasoning-parser NAME.")
    return []


def llamacpp(card: Card, wish: Wish) -> Engine:
    """llama.cpp on this machine's processor, by inference/engine.py: for a laptop."""
    if not wish.model:
        raise CannotServe("--model names the model's .gguf file.")
    if not Path(wish.model).is_file():
        raise CannotServe(f"There is no file {wish.model}.")
    if wish.key:
        raise CannotServe("The local engine asks nobody for a key; it is for this machine alone.")
    files = files_of(card, wish)
    words = ["--name", wish.served_name or card.slug, "--host", wish.host, "--ports", str(wish.port)]
    words += ["--slots", str(wish.slots), "--measures", *wish.extra]
    if card.context_length and "--context" not in wish.extra:
        words += ["--context", str(card.context_length)]
    return made("llamacpp", card, wish, [sys.executable, "-m", "inference.engine", wish.model, *words], files=files)


def standin(card: Card, wish: Wish) -> Engine:
    """No model at all: echoes, to try a machine's way to the site."""
    words = ["--name", wish.served_name or card.slug, "--host", wish.host, "--port", str(wish.port), *wish.extra]
    return made("standin", card, wish, [sys.executable, "-m", "inference.standin", *words])


def made(
    kind: str,
    card: Card,
    wish: Wish,
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    files: Files = UNSAID,
) -> Engine:
    return Engine(
        kind=kind,
        command=command,
        served_name=wish.served_name or card.slug,
        host=wish.host,
        port=wish.port,
        slots=wish.slots,
        key=wish.key,
        environment=environment or {},
        files=files,
    )


def files_of(card: Card, wish: Wish) -> Files:
    """What the model's files are. Raises CannotServe where they are others than the entry was entered with."""
    model = Path(wish.model)
    try:
        found = Files(weights_digest(model), template_digest(model, wish.extra))
    except (Unreadable, OSError) as why:
        raise CannotServe(f"The model cannot be read: {why}.") from None
    refuse_other(f"{wish.model} is another model", card.slug, card.weights_digest, found.weights_digest)
    template = f"The chat template of {wish.model} is another"
    refuse_other(template, card.slug, card.chat_template_digest, found.chat_template_digest)
    return found


def refuse_other(words: str, slug: str, stated: str, found: str) -> None:
    if stated and found and stated != found:
        raise CannotServe(f"{words} than {slug} was entered with: its SHA-256 is {found}, the entry's {stated}.")
