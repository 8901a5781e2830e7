"""Entering the contest: a team, its entry, and a worker that answers for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import Team
from inference.addresses import base_address
from inference.models import Component, Entry, Worker
from inference.serving.files import UNSAID, Files

Row = TypeVar("Row", Entry, Component)

IDENTITY = (
    "name",
    "base",
    "weights_digest",
    "weights_revision",
    "stack",
    "stack_commit",
    "chat_template_digest",
    "context_length",
    "reasoning",
)
STATED = ("changes", "licence", "licence_url", "commercial_use", "open_weights", "open_code", "open_data", "open_logs")
OURS = (
    "messages",
    "model",
    "stream",
    "stream_options",
    "n",
    "temperature",
    "top_p",
    "max_tokens",
    "seed",
    "stop",
    "tools",
)
UNCHECKED = "unchecked"  # why a worker is asked nothing before it was checked
NAME_LIMIT, KEY_LIMIT, MOST_SLOTS, MOST_WORKERS = 200, 2000, 1024, 32
HEXADECIMAL = set("0123456789abcdef")
FILES = {"weights_digest": "other_weights", "chat_template_digest": "other_template"}  # why a worker is refused
PARTS = ("kind", "name", "origin", "licence", "start", "evidence")


class Swapped(Exception):
    """The entry would become another model; the words say what to do instead."""


class Unfit(Exception):
    """An entry cannot be described like that; the words say what is wrong. at: the same by what is stated, if known."""

    def __init__(self, words: str, at: Mapping[str, str] | None = None) -> None:
        super().__init__(words)
        self.at = at or {}


@transaction.atomic
def add_entry(*, slug: str, name: str, team: str, base: str = "", licence: str = "", changes: str = "") -> Entry:
    """The entry of that slug, made with its team if there is none yet. One that exists is never changed."""
    owner, _made = Team.objects.get_or_create(name=team, defaults={"slug": slugify(team) or f"team-{slug}"})
    about = {"name": name, "base": base, "licence": licence, "changes": changes}
    entry, _made = Entry.objects.get_or_create(slug=slug, defaults={"team": owner, **about})
    return entry


def add_worker(
    entry: Entry,
    *,
    url: str,
    served_name: str,
    slots: int = 8,
    key: str = "",
    extra_body: Mapping[str, Any] | None = None,
    files: Files = UNSAID,
) -> Worker:
    """A worker of the entry; the same address again changes how it is asked. Raises Unfit."""
    extra = dict(extra_body or {})
    refuse_ours(extra)
    how: dict[str, Any] = {"served_name": served_name, "slots": slots, "key": key, "extra_body": extra}
    how |= asdict(files)
    worker, _made = Worker.objects.update_or_create(entry=entry, url=url.rstrip("/"), defaults=how)
    return worker


@transaction.atomic
def enter_worker(
    entry: Entry,
    *,
    url: str,
    served_name: str,
    slots: int,
    key: str | None = None,
    extra_body: Mapping[str, Any] | None = None,
    files: Files = UNSAID,
) -> Worker:
    """A worker that waits to be checked before it is asked anything; the same address again changes how it is asked.

    key: None leaves the one that it has. files: what its machine says of them. Raises BadAddress, Unfit.
    """
    url, served_name = base_address(url), served_name.strip()
    if not served_name or len(served_name) > NAME_LIMIT or not served_name.isprintable():
        raise Unfit(_("the name of the model must be one line of at most {n} characters").format(n=NAME_LIMIT))
    if not 1 <= slots <= MOST_SLOTS:
        raise Unfit(_("it must have from 1 to {n} slots").format(n=MOST_SLOTS))
    if key and not (key.isascii() and key.isprintable() and len(key) <= KEY_LIMIT):
        raise Unfit(_("a key must be printable ASCII"))
    if not all(len(digest) in (0, 64) and set(digest) <= HEXADECIMAL for digest in astuple(files)):
        raise Unfit(_("a digest is a SHA-256 in 64 hexadecimal digits"))
    known = Worker.objects.filter(entry=entry, url=url).first()
    if known is None and entry.workers.count() >= MOST_WORKERS:
        raise Unfit(_("an entry has at most {n} workers").format(n=MOST_WORKERS))
    kept = known.key if known and key is None else key or ""
    extra = known.extra_body if known and extra_body is None else extra_body
    worker = add_worker(entry, url=url, served_name=served_name, slots=slots, key=kept, extra_body=extra, files=files)
    Worker.objects.filter(pk=worker.pk).update(registered=False, refused_because=UNCHECKED)
    worker.refresh_from_db()
    return worker


def refuse_ours(extra_body: Mapping[str, Any]) -> None:
    """Raise Unfit where what is sent along would say what the terms say for all entries alike."""
    if ours := [name for name in extra_body if name in OURS]:
        raise Unfit(_("{name} is ours to set, and the same for every entry").format(name=ours[0]))


@transaction.atomic
def describe_entry(
    entry: Entry, said: Mapping[str, Any], components: Sequence[Mapping[str, Any]] | None = None
) -> Entry:
    """State what an entry is and where it comes from. What is left out stays. Raises Swapped and Unfit.

    components: all of them, in place of those stated before; None leaves those.
    """
    entry = Entry.objects.select_for_update().get(pk=entry.pk)
    refuse_unknown(said, (*IDENTITY, *STATED))
    touched = [name for name in IDENTITY if name in said and said[name] != getattr(entry, name)]
    if entry.frozen_at and touched:
        raise Swapped(
            _(
                "{entry} takes part in a round that has opened, and its {names} may not change; "
                "in an emergency another entry of the team takes its place"
            ).format(entry=entry.slug, names=", ".join(touched))
        )
    for name, value in said.items():
        setattr(entry, name, value)
    checked(entry).save(update_fields=list(said))
    for worker in entry.workers.all():
        if code := other_files(worker):
            Worker.objects.filter(pk=worker.pk).update(registered=False, refused_because=code)
    if components is not None:
        entry.components.all().delete()
        named = [(part.get("kind"), part.get("name")) for part in components]
        if twice := next((one for one in named if named.count(one) > 1), None):
            raise Unfit(_("the part {name} is named twice").format(name=twice[1]))
        for part in components:
            refuse_unknown(part, PARTS)
            checked(Component(entry=entry, **part)).save(force_insert=True)
    return entry


def other_files(worker: Worker) -> str:
    """Why what its machine says of its files is not what its entry was entered with; "" where nothing contradicts."""
    for name, code in FILES.items():
        stated, found = getattr(worker.entry, name), getattr(worker, name)
        if stated and found and stated != found:
            return code
    return ""


def refuse_unknown(said: Mapping[str, Any], known: Sequence[str]) -> None:
    if strange := [name for name in said if name not in known]:
        raise Unfit(f"there is no {strange[0]} to be stated; known are {', '.join(known)}")


def checked(row: Row) -> Row:
    """The row, if it can be stored. Raises Unfit."""
    try:
        row.full_clean(validate_constraints=False)
    except ValidationError as why:
        at = {name: " ".join(words) for name, words in why.message_dict.items()}
        raise Unfit("; ".join(f"{name}: {words}" for name, words in at.items()), at) from None
    return row


def freeze_entries(entries: Iterable[Entry]) -> None:
    """A round over them opens: from here on nobody can make other models of them."""
    Entry.objects.filter(pk__in=[entry.pk for entry in entries], frozen_at=None).update(frozen_at=Now())
