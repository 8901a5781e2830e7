"""Entering the contest: a team, its entry, and a worker that answers for it."""

from django.db import transaction
from django.utils.text import slugify

from accounts.models import Team
from inference.models import Entry, Worker


@transaction.atomic
def add_entry(*, slug: str, name: str, team: str, base: str = "", licence: str = "", changes: str = "") -> Entry:
    """The entry of that slug, made with its team if there is none yet. One that exists is never changed."""
    owner, _ = Team.objects.get_or_create(name=team, defaults={"slug": slugify(team) or f"team-{slug}"})
    about = {"name": name, "base": base, "licence": licence, "changes": changes}
    entry, _ = Entry.objects.get_or_create(slug=slug, defaults={"team": owner, **about})
    return entry


def add_worker(entry: Entry, *, url: str, served_name: str, slots: int = 8, key: str = "") -> Worker:
    """A worker of the entry; the same address again changes how it is asked."""
    how = {"served_name": served_name, "slots": slots, "key": key}
    worker, _ = Worker.objects.update_or_create(entry=entry, url=url.rstrip("/"), defaults=how)
    return worker
