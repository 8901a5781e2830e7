"""Serves the demo's contestants on this machine: `python -m inference.engine FOLDER`. One file serves that model.

A process of its own, because a crash in the engine's C++ takes its process along. Every model gets an
OpenAI-compatible server on a port of its own (any free one, or those of --ports) and one thread: the engine's
threads spin while they wait for each other, which on a busy machine makes two slower than one.

The protocol with whoever started it: one line of JSON on standard output when all are healthy,
`{"ready": {slug: url}}`; it ends on SIGTERM or SIGINT, or when its standard input ends, which is also
what happens when its parent is killed. Words for people go to standard error.
"""

import argparse
import importlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import httpx

from inference.contestants import CONTESTANTS, INSTALL, NoModel, make_contestants, models_in

# Prompt tokens between two looks at who has hung up and at who else is waiting: half a second's work.
BATCH = 128
ERRORS, CHATTER = 1, 3  # how much llama.cpp tells
PATIENCE = 30.0  # seconds until a loaded model must call itself healthy


def main(arguments: list[str] | None = None) -> int:
    """Start every model, say where they are, and serve until told to end."""
    options = parsed(arguments)
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: leave())
    threading.Thread(target=leave_with_parent, daemon=True).start()

    try:
        say = news(options.log)
    except OSError as refused:
        print(f"engine: {refused}", file=sys.stderr)
        return 2
    try:
        if options.make:
            make_contestants(options.folder, say)
        servers = start(options, say)
    except NoModel as missing:
        say(f"engine: {missing}")
        return 2
    print(json.dumps({"ready": {slug: server.listening_address for slug, server in servers.items()}}), flush=True)
    threading.Event().wait()
    return 0


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m inference.engine", description="Serve the demo's models.")
    parser.add_argument("folder", type=Path, help="where the contestants' .gguf files are, or one such file")
    parser.add_argument("--name", help="what the model of one file is called in requests (default: as its file)")
    parser.add_argument("--make", action="store_true", help="make the demonstration's contestants there first")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--ports", default="", help="one for each model in the demo's order, with commas between")
    parser.add_argument("--slots", type=positive, default=2, help="chats that one model answers at a time")
    parser.add_argument("--context", type=positive, default=4096, help="tokens of one chat, prompt and answer")
    parser.add_argument("--measures", action="store_true", help="show them to Prometheus at /metrics")
    parser.add_argument("--log", type=Path, help="a file for what llama.cpp has to tell")
    return parser.parse_args(arguments)


def positive(text: str) -> int:
    """A whole number from one on."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def leave() -> NoReturn:
    """End at once, in the middle of a word: there is nothing to save, and tidying up may take seconds."""
    os._exit(0)


def leave_with_parent() -> None:
    """Wait for standard input to end; the system closes it even for a parent that was killed."""
    while os.read(0, 4096):
        pass
    leave()


def news(log: Path | None) -> Callable[[str], None]:
    """Where words for people go: standard error, even if llama.cpp's share of it goes to a file."""
    people = os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8", errors="replace")
    if log is not None:
        with log.open("ab") as file:
            os.dup2(file.fileno(), 2)
    return lambda words: print(words, file=people)


def start(options: argparse.Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """Load and serve each model of the folder; NoModel if one is missing, broken or never healthy."""
    models = chosen_models(options)
    if not models:
        raise NoModel(f"there is no model in {options.folder}")
    if options.ports and len(options.ports.split(",")) != len(models):
        raise NoModel(f"--ports must name {len(models)} ports, one for each of {', '.join(models)}")
    library = engine_library()
    servers = {}
    for place, (slug, path) in enumerate(in_order(models)):
        say(f"Loading {slug} ...")
        try:
            servers[slug] = library.Server(parameters(library, slug, path, options, place))
        except RuntimeError as broken:
            raise NoModel(f"{path} does not load: {broken}") from broken
    with httpx.Client(trust_env=False) as client:
        for slug, server in servers.items():
            wait_for_health(client, slug, server.listening_address)
    return servers


def chosen_models(options: argparse.Namespace) -> dict[str, Path]:
    """What is to be served, by the name that requests use."""
    if options.folder.is_file():
        return {options.name or options.folder.name.partition(".")[0]: options.folder}
    return models_in(options.folder)


def engine_library() -> ModuleType:
    """llama.cpp with its server; nothing but this process ever loads it."""
    try:
        return importlib.import_module("xllamacpp")
    except ImportError as missing:
        raise NoModel(f"xllamacpp does not import ({missing}); run: {INSTALL}") from missing


def in_order(models: dict[str, Path]) -> list[tuple[str, Path]]:
    """Contestants as they stand in their list, then any others by name: so that a port means a model."""
    known = [one.slug for one in CONTESTANTS]
    return sorted(models.items(), key=lambda model: (known.index(model[0]) if model[0] in known else len(known), model))


def parameters(library: ModuleType, slug: str, path: Path, options: argparse.Namespace, place: int) -> Any:
    """How one model is served."""
    wanted = library.CommonParams()
    wanted.model.path = str(path)
    wanted.model_alias = {slug}
    wanted.hostnames = [options.host]
    wanted.port = int(options.ports.split(",")[place]) if options.ports else 0  # 0: any free one
    wanted.n_parallel = options.slots
    wanted.n_ctx = options.slots * options.context  # shared out evenly among the slots
    wanted.n_batch = wanted.n_ubatch = BATCH
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = 1
    wanted.n_threads_http = options.slots + 4  # one per stream, some for those who ask after its health
    wanted.n_gpu_layers = 0
    # Without a GPU, flash attention reads prompts a little faster but slows answers down in a long chat.
    wanted.flash_attn_type = library.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    wanted.cache_ram_mib = 0  # no 8 GiB of finished chats; each slot still remembers its last one
    wanted.cache_idle_slots = False  # would need that memory
    wanted.sampling.penalty_repeat = 1.1  # so small a model says the same line for ever without it
    wanted.cors_origins = "http://127.0.0.1"  # else any page in a browser here could talk to the models
    wanted.endpoint_metrics = options.measures
    wanted.endpoint_slots = wanted.endpoint_props = False
    wanted.ui = False
    wanted.offline = True
    wanted.verbosity = ERRORS if options.log is None else CHATTER
    return wanted


def wait_for_health(client: httpx.Client, slug: str, url: str) -> None:
    """Return when the model calls itself healthy, or raise NoModel."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if client.get(f"{url}/health").status_code == httpx.codes.OK:
            return
        time.sleep(0.1)
    raise NoModel(f"{slug} did not get healthy within {PATIENCE:.0f} seconds")


if __name__ == "__main__":
    sys.exit(main())
