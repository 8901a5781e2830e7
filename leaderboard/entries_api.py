"""The models of the contest in the public API: which each is, where it comes from, and where it took part."""

from typing import Annotated, Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import conditional_page
from ninja import Query, Router, Schema
from ninja.decorators import decorate_view

from arena.refusals import NoSuchEntry
from inference.models import Component, Entry
from leaderboard.answers import RefusalOut, link_to_next, shared_for_a_second
from leaderboard.models import Participation, RoundState

router = Router()

ANNOUNCED = Participation.objects.exclude(round__state=RoundState.DRAFT)


class TeamOut(Schema):
    slug: str
    name: str


class PartOut(Schema):
    round: str  # its key
    role: str  # contestant, wildcard or reference
    state: str  # competing, eliminated, disqualified, withdrawn or suspended


class OpenOut(Schema):
    weights: str  # open, restricted or closed; empty where nothing is stated, as everywhere here
    code: str
    data: str
    logs: str


class ComponentOut(Schema):
    kind: str  # tokenizer, backbone, encoder or data
    name: str
    origin: str  # who made it
    licence: str
    start: str  # scratch, initialised or frozen
    evidence: str  # an address


class EntryOut(Schema):
    slug: str
    name: str
    team: TeamOut
    licence: str
    licence_url: str
    commercial_use: str
    open: OpenOut
    rounds: list[PartOut]  # the newest first


class EntryInFullOut(EntryOut):
    base: str
    changes: str
    weights_digest: str
    weights_revision: str
    stack: str
    stack_commit: str
    chat_template_digest: str
    context_length: int | None
    reasoning: str
    frozen_at: str | None  # ISO 8601: when a round over it first opened; from then on it is this very model
    components: list[ComponentOut]


class EntriesOut(Schema):
    entries: list[EntryOut]  # by slug
    next: str | None  # `after` of the next page; null: this is the last


def entries() -> QuerySet[Entry]:
    """Those that take part in a round that is announced, with all that is told of them."""
    parts = ANNOUNCED.select_related("round").order_by("-round__number", "-round__leg")
    found = Entry.objects.filter(pk__in=ANNOUNCED.values("entry")).select_related("team")
    components = Component.objects.order_by("pk")
    return found.prefetch_related(Prefetch("participations", parts), Prefetch("components", components))


def told(entry: Entry) -> dict[str, Any]:
    """What the list tells of one."""
    return {
        **{name: getattr(entry, name) for name in ("slug", "name", "team", "licence", "licence_url", "commercial_use")},
        "open": {part: getattr(entry, f"open_{part}") for part in ("weights", "code", "data", "logs")},
        "rounds": [
            {"round": part.round.key, "role": part.role, "state": part.state} for part in entry.participations.all()
        ],
    }


@router.get("/entries", response={200: EntriesOut}, summary="The models that take part, or did")
@decorate_view(shared_for_a_second, conditional_page)
def all_entries(
    request: HttpRequest,
    response: HttpResponse,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> dict[str, Any]:
    """By their slugs. `after`: the `next` of the page before."""
    found = list(entries().filter(slug__gt=after.replace("\0", "")).order_by("slug")[: limit + 1])
    further = found[limit - 1].slug if len(found) > limit else None
    link_to_next(request, response, after=further)
    return {"entries": [told(entry) for entry in found[:limit]], "next": further}


@router.get(
    "/entries/{slug}", response={200: EntryInFullOut, 404: RefusalOut}, summary="One of them, and where it comes from"
)
@decorate_view(shared_for_a_second, conditional_page)
def one_entry(request: HttpRequest, slug: str) -> dict[str, Any]:
    """What its team states of it, and in which rounds it took part."""
    entry = entries().filter(slug=slug).first() if slug.isprintable() else None
    if entry is None:
        raise NoSuchEntry
    more = set(EntryInFullOut.model_fields) - set(EntryOut.model_fields) - {"frozen_at", "components"}
    return {
        **told(entry),
        **{name: getattr(entry, name) for name in more},
        "frozen_at": entry.frozen_at and entry.frozen_at.isoformat(),
        "components": list(entry.components.all()),
    }
