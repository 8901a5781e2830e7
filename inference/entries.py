"""Entering the contest: a team, its entry, and a worker that answers for it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.text import slugify

from accounts.models import Team
from inference.models import Component, Entry, Worker

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
PARTS = ("kind", "name", "origin", "licence", "start", "evidence")


class Swapped(Exception):
    """The entry would become another model; the words say what to do instead."""


class Unfit(Exception):
    """An entry cannot be described like that; the words say what is wrong."""


@transaction.atomic
def add_entry(*, slug: str, name: str, team: str, base: str = "", licence: str = "", changes: str = "") -> Entry:
    """The entry of that slug, made with its team if there is none yet. One that exists is never changed."""
    owner, _ = Team.objects.get_or_create(name=team, defaults={"slug": slugify(team) or f"team-{slug}"})
    about = {"name": name, "base": base, "licence": licence, "changes": changes}
    entry, _ = Entry.objects.get_or_create(slug=slug, defaults={"team": owner, **about})
    return entry


def add_worker(
    entry: Entry,
    *,
    url: str,
    served_name: str,
    slots: int = 8,
    key: str = "",
    extra_body: Mapping[str, Any] | None = None,
) -> Worker:
    """A worker of the entry; the same address again changes how it is asked. Raises Unfit."""
    extra = dict(extra_body or {})
    refuse_ours(extra)
    how = {"served_name": served_name, "slots": slots, "key": key, "extra_body": extra}
    worker, _ = Worker.objects.update_or_create(entry=entry, url=url.rstrip("/"), defaults=how)
    return worker


def refuse_ours(extra_body: Mapping[str, Any]) -> None:
    """Raise Unfit where what is sent along would say what the terms say for all entries alike."""
    if ours := [name for name in extra_body if name in OURS]:
        raise Unfit(f"{ours[0]} is ours to set, and the same for every entry")


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
            f"{entry.slug} takes part in a round that has opened, and its {', '.join(touched)} may not change; "
            "in an emergency another entry of the team takes its place"
        )
    for name, value in said.items():
        setattr(entry, name, value)
    checked(entry).save(update_fields=list(said))
    if components is not None:
        entry.components.all().delete()
        for part in components:
            refuse_unknown(part, PARTS)
            checked(Component(entry=entry, **part)).save(force_insert=True)
    return entry


def refuse_unknown(said: Mapping[str, Any], known: Sequence[str]) -> None:
    if strange := [name for name in said if name not in known]:
        raise Unfit(f"there is no {strange[0]} to be stated; known are {', '.join(known)}")


def checked(row: Row) -> Row:
    """The row, if it can be stored. Raises Unfit."""
    try:
        row.full_clean(validate_constraints=False)
    except ValidationError as why:
        raise Unfit("; ".join(f"{name}: {' '.join(words)}" for name, words in why.message_dict.items())) from None
    return row


def freeze_entries(entries: Iterable[Entry]) -> None:
    """A round over them opens: from here on nobody can make other models of them."""
    Entry.objects.filter(pk__in=[entry.pk for entry in entries], frozen_at=None).update(frozen_at=Now())
