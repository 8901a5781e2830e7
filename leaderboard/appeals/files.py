"""What may be sent with an appeal: a few small files of kinds that anybody can open."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from leaderboard.evidence import NoEvidence
from leaderboard.reasons import as_text

FILES, FILE_BYTES = 3, 1 << 20
NAME_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it was sent."""

    name: str
    content: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def _text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode()
    except UnicodeDecodeError:
        return False


# What a file is named must be what it holds: it is handed out under that name.
KINDS: Mapping[str, Callable[[bytes], bool]] = {
    ".pdf": lambda content: content.startswith(b"%PDF-"),
    ".png": lambda content: content.startswith(b"\x89PNG\r\n\x1a\n"),
    ".jpg": lambda content: content.startswith(b"\xff\xd8\xff"),
    ".csv": _text,
    ".json": _text,
    ".txt": _text,
}


def check_files(files: Iterable[Sent]) -> list[Sent]:
    """The files under names that mean nothing to anybody's machine. Raises NoEvidence."""
    sent = list(files)
    if len(sent) > FILES:
        raise NoEvidence(_("at most {n} files can be sent").format(n=FILES))
    return [_checked(one) for one in sent]


def _checked(one: Sent) -> Sent:
    name = plain_name(one.name)
    stem, dot, ending = name.rpartition(".")
    fits = KINDS.get(f"{dot}{ending.lower()}")
    if fits is None or not stem:
        raise NoEvidence(_("{name}: only {kinds} can be sent").format(name=name, kinds=", ".join(KINDS)))
    if not one.content:
        raise NoEvidence(_("{name} is empty").format(name=name))
    if len(one.content) > FILE_BYTES:
        raise NoEvidence(_("{name} is larger than {n} KB").format(name=name, n=FILE_BYTES >> 10))
    if not fits(one.content):
        raise NoEvidence(_("{name} does not hold what its name says").format(name=name))
    return Sent(f"{stem}.{ending.lower()}", one.content)


def plain_name(name: str) -> str:
    """Letters, digits, dots, hyphens and underscores of it, in whatever script."""
    kept = re.sub(r"[^\w.-]+", "_", as_text(name)).lstrip("._-")
    return kept if len(kept) <= NAME_LENGTH else kept[-NAME_LENGTH:].lstrip("._-")
