"""What a model's files are, each in one digest: its weights, and the template that makes a prompt of a conversation."""

import hashlib
import json
import mmap
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WEIGHTS = (".safetensors", ".gguf", ".bin", ".pt", ".pth")
TEMPLATE_KEY = b"tokenizer.chat_template"
# Of a GGUF file's metadata: how many bytes a value of each type takes, but for texts and lists.
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
TEXT, LIST = 8, 9


@dataclass(frozen=True, slots=True)
class Files:
    """What a model's files are, as SHA-256; "" where nothing says so."""

    weights_digest: str = ""
    chat_template_digest: str = ""


UNSAID = Files()


class Unreadable(Exception):
    """A file of the model is not what its name says; the words say which."""


def weights_digest(model: Path) -> str:
    """The SHA-256 of a model's weights; "" where there are none.

    Of one file it is that file's. Of several it is that of the list which `sha256sum` prints of them in the order of
    their names: `LC_ALL=C sha256sum *.safetensors | sha256sum`.
    """
    files = [model] if model.is_file() else [path for path in model.rglob("*") if path.suffix in WEIGHTS]
    found = {path.relative_to(model).as_posix(): file_digest(path) for path in files if path.is_file()}
    if len(found) < 2:
        return next(iter(found.values()), "")
    lines = "".join(f"{found[name]}  {name}\n" for name in sorted(found, key=str.encode))
    return hashlib.sha256(lines.encode()).hexdigest()


def file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def template_digest(model: Path, words: Sequence[str] = ()) -> str:
    """The SHA-256 of the chat template that an engine takes with these words of its command line; "" for none.

    Raises Unreadable.
    """
    template = told_template(words) or template_of(model)
    return hashlib.sha256(template).hexdigest() if template else ""


def told_template(words: Sequence[str]) -> bytes:
    """What `--chat-template` says, in vLLM's way: a file, or the template itself."""
    for place, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name == "--chat-template":
            told = value if equals else "".join(words[place + 1 : place + 2])
            return Path(told).read_bytes() if is_file(told) else told.encode()
    return b""


def is_file(told: str) -> bool:
    try:
        return Path(told).is_file()
    except OSError:  # a template is longer than a name may be
        return False


def template_of(model: Path) -> bytes:
    """What the model brings along. Raises Unreadable."""
    try:
        if model.is_file():
            return template_in_gguf(model)
        if (alone := model / "chat_template.jinja").is_file():
            return alone.read_bytes()
        settings = model / "tokenizer_config.json"
        return template_in(json.loads(settings.read_bytes())) if settings.is_file() else b""
    except (ValueError, TypeError, KeyError, struct.error) as why:
        raise Unreadable(f"the chat template of {model} cannot be read: {why}") from None


def template_in(settings: dict[str, Any]) -> bytes:
    """A tokenizer's settings name one template, or several, of which the one called default is taken."""
    told = settings.get("chat_template") or ""
    if isinstance(told, list):
        told = next((one["template"] for one in told if one["name"] == "default"), "")
    return str(told).encode()


def template_in_gguf(path: Path) -> bytes:
    """The template in the metadata at the file's beginning; b"" where there is none."""
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            return b""
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            (pairs,) = struct.unpack_from("<Q", data, 16)
            at = 24
            for _ in range(pairs):
                key, at = text_at(data, at)
                (kind,) = struct.unpack_from("<I", data, at)
                if key == TEMPLATE_KEY and kind == TEXT:
                    return text_at(data, at + 4)[0]
                at = after(data, kind, at + 4)
    return b""


def text_at(data: mmap.mmap, at: int) -> tuple[bytes, int]:
    """The text there, and where it ends."""
    (length,) = struct.unpack_from("<Q", data, at)
    return data[at + 8 : at + 8 + length], at + 8 + length


def after(data: mmap.mmap, kind: int, at: int) -> int:
    """Where the value there ends."""
    if kind == TEXT:
        (length,) = struct.unpack_from("<Q", data, at)
        return int(at + 8 + length)
    if kind == LIST:
        of, length = struct.unpack_from("<IQ", data, at)
        at += 12
        if of in SIZES:
            return int(at + SIZES[of] * length)
        for _ in range(length):
            at = after(data, of, at)
        return at
    return at + SIZES[kind]
