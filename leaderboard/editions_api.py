"""Rounds, editions of boards, rulebooks and files in the public API: what stays, by the name that it keeps."""

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import conditional_page
from ninja import Query, Router, Schema
from ninja.decorators import decorate_view

from arena.refusals import NoSuchRound, NoSuchSeries, NoSuchVersion
from leaderboard.answers import RefusalOut, link_to_next, shared_for_a_second
from leaderboard.boards import find_series
from leaderboard.editions import shown
from leaderboard.export_queue import digests_of, public_files
from leaderboard.models import Board, Round, RoundState, RulebookVersion
from leaderboard.rulebook import Rulebook
from leaderboard.timeline import public_round

router = Router()


class RoundInShortOut(Schema):
    key: str
    series: str
    title: str
    title_ko: str
    state: str
    opens_at: str  # ISO 8601
    ends_at: str


class RoundsOut(Schema):
    rounds: list[RoundInShortOut]  # the newest first


class EditionOut(Schema):
    number: int
    votes: int
    created_at: str  # ISO 8601


class EditionsOut(Schema):
    series: str
    editions: list[EditionOut]  # the newest first
    next: int | None  # `before` of the next page; null: this is the last


class ExportedOut(Schema):
    name: str
    size: int  # bytes
    sha256: str
    url: str  # takes `Range` and `If-Range`


class FilesOut(Schema):
    key: str
    files: list[ExportedOut]  # none before the result is final


@router.get("/rounds", response={200: RoundsOut}, summary="The rounds of the contest, newest first")
@decorate_view(shared_for_a_second, conditional_page)
def all_rounds(request: HttpRequest) -> dict[str, Any]:
    """All that are announced, run-offs among them."""
    found = Round.objects.exclude(state=RoundState.DRAFT).select_related("series").order_by("-number", "-leg")
    return {
        "rounds": [
            {
                "key": contest.key,
                "series": contest.series.slug,
                "title": contest.series.title,
                "title_ko": contest.series.title_ko,
                "state": contest.state,
                "opens_at": contest.opens_at.isoformat(),
                "ends_at": contest.ends_at.isoformat(),
            }
            for contest in found
        ]
    }


@router.get("/boards", response={200: EditionsOut, 404: RefusalOut}, summary="The editions of a series, newest first")
@decorate_view(shared_for_a_second, conditional_page)
def editions(
    request: HttpRequest,
    response: HttpResponse,
    series: str | None = None,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """Without `series`: those of the open round. `before`: the `next` of the page before."""
    of = find_series(series)
    if of is None:
        raise NoSuchSeries
    rows = shown(of) if before is None else shown(of).filter(number__lt=before)
    found = list(rows[: limit + 1])
    further = found[limit - 1].number if len(found) > limit else None
    link_to_next(request, response, before=further)
    return {"series": of.slug, "editions": [in_short(one) for one in found[:limit]], "next": further}


def in_short(edition: Board) -> dict[str, Any]:
    return {"number": edition.number, "votes": edition.votes, "created_at": edition.created_at.isoformat()}


@router.get("/rulebooks/{digest}", response={200: Rulebook, 404: RefusalOut}, summary="A rulebook by its SHA-256")
@decorate_view(shared_for_a_second, conditional_page)
def rulebook_by_digest(request: HttpRequest, digest: str) -> HttpResponse:
    """Any version that was ever in force, byte by byte as the digest was made of it."""
    versions = RulebookVersion.objects.exclude(round__state=RoundState.DRAFT)
    found = versions.filter(digest=digest).first() if digest.isascii() and digest.isalnum() else None
    if found is None:
        raise NoSuchVersion
    return HttpResponse(found.content.encode(), content_type="application/json", headers={"ETag": f'"{found.digest}"'})


@router.get("/rounds/{key}/files", response={200: FilesOut, 404: RefusalOut}, summary="The files that prove a result")
@decorate_view(shared_for_a_second, conditional_page)
def round_files(request: HttpRequest, key: str) -> dict[str, Any]:
    """Each with its digest and where it is."""
    contest = public_round(key)
    if contest is None:
        raise NoSuchRound
    found = public_files(contest)
    digests = digests_of(found)
    return {
        "key": contest.key,
        "files": [
            {
                "name": file.name,
                "size": file.stat().st_size,
                "sha256": digests[file.name],
                "url": reverse("record_file", args=[contest.key, file.name]),
            }
            for file in found
            if file.name in digests
        ],
    }
