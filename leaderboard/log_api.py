"""The public log in the public API."""

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import conditional_page
from ninja import Query, Router, Schema
from ninja.decorators import decorate_view

from arena.refusals import BadRequest, NoSuchRound, UnknownKind
from leaderboard.answers import RefusalOut, link_to_next, shared_for_a_second
from leaderboard.public_log import KINDS, as_told, mark_named, page
from leaderboard.timeline import public_round

router = Router()


class EntryOut(Schema):
    slug: str
    name: str


class LineOut(Schema):
    kind: str
    at: str  # ISO 8601
    round: str | None  # its key; null: the site as a whole
    entry: EntryOut | None
    told: dict[str, Any]  # what else lines of this kind say
    reason: str
    reason_ko: str


class LogOut(Schema):
    lines: list[LineOut]  # the newest first
    next: str | None  # `before` of the next page; null: this is the last


@router.get(
    "/log",
    response={200: LogOut, 400: RefusalOut, 404: RefusalOut},
    summary="What was decided and what went wrong, newest first",
)
@decorate_view(shared_for_a_second, conditional_page)
def public_log(
    request: HttpRequest,
    response: HttpResponse,
    kind: str | None = None,
    round: str | None = None,  # noqa: A002  as the page calls it
    before: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """`kind`: just lines of one kind, as `transition`, `verdict` or `incident`; `round`: just those of a round.

    `before`: the `next` of the page before.
    """
    if kind is not None and kind not in KINDS:
        raise UnknownKind
    mark = mark_named(before) if before is not None else None
    if before is not None and mark is None:
        raise BadRequest
    contest = public_round(round) if round is not None else None
    if round is not None and contest is None:
        raise NoSuchRound
    lines, further = page(kind=kind, contest=contest, before=mark, most=limit)
    link_to_next(request, response, before=further)
    return {"lines": [as_told(line) for line in lines], "next": str(further) if further else None}
