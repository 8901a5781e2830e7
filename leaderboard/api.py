"""The public API under /api/v1/: typed, described by its own OpenAPI document."""

from datetime import date
from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import condition, conditional_page
from ninja import Field, NinjaAPI, Path, Schema
from ninja.decorators import decorate_view
from ninja.errors import ValidationError

from arena.middleware import problem_response
from arena.refusals import (
    BadRequest,
    NoSuchAddress,
    NoSuchEntry,
    NoSuchList,
    NoSuchRound,
    NoSuchSeries,
    NoSuchVersion,
    Refusal,
)
from leaderboard.answers import RefusalOut, shared_for_a_second
from leaderboard.appeals_api import router as appeals_router
from leaderboard.boards import as_told, board, edition, find_series, history
from leaderboard.breakdown import SELECTABLE, breakdown
from leaderboard.calls_api import router as calls_router
from leaderboard.decision_api import router as decision_router
from leaderboard.editions import shown
from leaderboard.editions_api import router as editions_router
from leaderboard.entries_api import router as entries_router
from leaderboard.exposure import exposure
from leaderboard.figures_api import router
from leaderboard.log_api import router as log_router
from leaderboard.models import UNOPENED
from leaderboard.official import official, official_lists
from leaderboard.openapi import description
from leaderboard.rulebook import Rulebook, digest_of, version_of
from leaderboard.scores_api import router as scores_router
from leaderboard.team_api import router as team_router
from leaderboard.timeline import public_round, timeline

api = NinjaAPI(title="Last Model Standing", version="1", openapi_url=None, docs_url=None, urls_namespace="api")
api.add_router("", router)
api.add_router("", log_router)
api.add_router("", team_router)
api.add_router("", calls_router)
api.add_router("", appeals_router)
api.add_router("", scores_router)
api.add_router("", decision_router)
api.add_router("", editions_router)
api.add_router("", entries_router)


@api.exception_handler(Refusal)
def refuse(request: HttpRequest, refusal: Refusal | type[Refusal]) -> HttpResponse:
    return problem_response(refusal if isinstance(refusal, Refusal) else refusal())


@api.exception_handler(ValidationError)
def refuse_misunderstood(request: HttpRequest, why: ValidationError) -> HttpResponse:
    return problem_response(BadRequest())


@api.exception_handler(Http404)
def refuse_unknown(request: HttpRequest, why: Http404) -> HttpResponse:
    return problem_response(NoSuchAddress())


class StandingOut(Schema):
    joined: bool  # a chain of votes joins it to most others; without one its figures say nothing
    rank: int | None  # among those who compete; references and those who have left have none
    rank_low: int | None  # the ranks that the votes leave open, true of all standings at once with 95 %
    rank_high: int | None
    slug: str
    name: str
    rating: float
    low: float
    high: float
    votes: int
    p_cut: float | None  # how likely it is truly below the line
    percent: float | None  # its expected score against the reference in percent of one half: 100 is as good
    percent_low: float | None  # with 95 %
    percent_high: float | None
    rank_before: int | None  # on the official list of `since`; null where it had no rank there
    rating_before: float | None
    status: str


class NeededOut(Schema):
    low: int | None
    high: int | None


class VotersOut(Schema):
    voters: int | None  # null where none were found
    position: int  # of the last vote among which they were looked for


class OutlookOut(Schema):
    sure: bool  # more votes would hardly move the line
    votes_needed: NeededOut | None  # until it is sure, nine times in ten more than low and fewer than high
    votes_to_flip: int | None  # the fewest found without which somebody else would go out
    voters_to_flip: VotersOut | None  # the fewest found without whom; null before they were looked for


class NameOut(Schema):
    slug: str
    name: str


class RunOffOut(Schema):
    series: str
    among: list[NameOut]  # who is tied at the line
    stay: int  # how many of them


class RoundOut(Schema):
    number: int
    key: str  # its address: 1, or 1-run-off
    state: str
    ends_at: str  # ISO 8601
    freezes_at: str | None  # from when on the public board stands still
    cut_size: int
    line: float | None
    reference: NameOut | None  # whom the percents are of; null while none has a vote
    outlook: OutlookOut | None  # null without a line, and once the round is closed
    run_off: RunOffOut | None  # what breaks the tie at its line
    next: str | None


class BoardOut(Schema):
    series: str
    number: int
    votes: int
    standings: list[StandingOut]
    title: str
    title_ko: str
    note: str
    note_ko: str
    created_at: str  # ISO 8601
    since: str | None  # the date of the official list that changes are told against; null before the first
    parameters: dict[str, Any]  # how it was rated
    round: RoundOut | None


class CategoryStandingOut(Schema):
    rank: int | None  # null: too few votes of this category, or no rank on the board of all votes
    rank_low: int | None
    rank_high: int | None
    slug: str
    name: str
    rating: float
    low: float
    high: float
    votes: int


class StyleStandingOut(CategoryStandingOut):
    raw_rank: int | None  # by the same votes, with style
    raw_rating: float
    raw_low: float
    raw_high: float


class ThingOut(Schema):
    name: str  # length, headers, lists or bold
    odds: float  # by what one standard deviation more of it multiplies the odds
    low: float
    high: float


class BreakdownOut(Schema):
    series: str
    title: str
    title_ko: str
    number: int
    created_at: str  # ISO 8601
    category: str
    position: int  # of the last vote it knows
    votes: int
    votes_needed: int  # for standings
    parameters: dict[str, Any]  # how it follows from the ballots
    things: list[ThingOut] | None  # of the category `style`
    standings: list[StyleStandingOut] | list[CategoryStandingOut] | None  # null: too few votes


class OfficialListOut(Schema):
    date: str  # the day in Seoul that began with it
    board: int
    votes: int


class OfficialListsOut(Schema):
    series: str
    lists: list[OfficialListOut]  # the newest first


class PointOut(Schema):
    number: int
    at: str  # ISO 8601
    votes: int
    rank: int | None
    rating: float
    low: float
    high: float


class HistoryOut(Schema):
    slug: str
    name: str
    series: str
    points: list[PointOut]


class StageOut(Schema):
    state: str
    place: str  # past, now or ahead
    at: str | None  # ISO 8601: when it began, or is to begin


class StepOut(Schema):
    number: int
    from_: str | None = Field(alias="from")  # null: it began here
    to: str
    at: str  # ISO 8601
    due_at: str | None  # by the schedule
    ends_at: str | None  # the end that the round was given with it
    actor: str  # organizer, schedule, command; or round: a run-off goes along with its round
    signed_by_two: bool
    reason: str
    reason_ko: str


class CodesOut(Schema):
    made: int
    used: int


class CourseOut(Schema):
    round: int  # the number; a run-off has that of the round whose tie it breaks
    key: str
    series: str
    title: str
    title_ko: str
    state: str
    opens_at: str  # ISO 8601
    freezes_at: str | None
    ends_at: str
    appeals_end_at: str | None
    score: str  # what decides who is out: the rating in the arena, or a composite
    rulebook: str  # the digest of the one in force
    codes: CodesOut | None  # invitation codes, where not everybody may vote
    run_off_of: str | None  # the key of the round whose tie it breaks
    run_offs: list[str]  # the keys of its own
    stages: list[StageOut]
    steps: list[StepOut]


class DesignOut(Schema):
    floor: float  # votes of every pair that come before any verdict steers the draw
    explore: float  # the share of the draws that is uniform
    cap: float  # how many times as often as the least drawn any other may be drawn


class ExposedEntryOut(Schema):
    slug: str
    name: str
    battles: int
    as_a: int
    void: int
    votes: int
    relative: float | None  # its battles as a multiple of those of the least exposed
    failed: int | None = None  # battles void because it could not answer; null on boards frozen before this was told
    failed_low: float | None = None  # the share of its battles, 95 % interval
    failed_high: float | None = None


class ExposedPairOut(Schema):
    first: str
    second: str
    battles: int
    void: int
    votes: int
    first_as_a: int
    share: float  # of all battles told
    expected: float | None  # by the probabilities kept with the battles
    chance: float | None  # to be the next, as of the last board


class ExposureOut(Schema):
    round: int  # the number; a run-off has that of the round whose tie it breaks
    key: str
    series: str
    title: str
    title_ko: str
    state: str
    battles: int
    waiting: int  # battles whose vote may still come; nobody is told whose
    void: int
    votes: int
    design: DesignOut | None  # null: pairs meet uniformly
    entries: list[ExposedEntryOut]
    pairs: list[ExposedPairOut]


def board_etag(request: HttpRequest) -> str | None:
    known, category = edition(request.GET.get("series")), request.GET.get("category")
    return f"{known}-{category}" if known and category in SELECTABLE else known


@api.get(
    "/board",
    response={200: BoardOut | BreakdownOut, 400: RefusalOut, 404: RefusalOut},
    summary="The latest board of a series, or its standings by the votes on one kind of question",
)
@decorate_view(shared_for_a_second, condition(etag_func=board_etag))
def latest_board(request: HttpRequest, series: str | None = None, category: str | None = None) -> dict[str, Any]:
    """Without `series`: the board of the open round.

    `category`: `ko`, `en`, `other`, `code`, `maths`, `writing`, `long`, `multi_turn`; or `style`, the board if the
    length and formatting of answers are taken out. None of these decides who goes out.
    """
    found = board(series) if category is None else breakdown(series, category)
    if found is None:
        raise NoSuchSeries
    return found


@api.get("/boards/{number}", response={200: BoardOut, 404: RefusalOut}, summary="An edition of a series by its number")
@decorate_view(shared_for_a_second, conditional_page)
def board_by_number(
    request: HttpRequest, number: Annotated[int, Path(ge=1, le=2**31 - 1)], series: str | None = None
) -> dict[str, Any]:
    """Without `series`: of the open round. Its standings never change; what is told of its round does."""
    of = find_series(series)
    found = shown(of).filter(number=number).first() if of else None
    if of is None or found is None:
        raise NoSuchSeries
    return as_told(of, found)


@api.get("/lists", response={200: OfficialListsOut, 404: RefusalOut}, summary="The days that have an official list")
@decorate_view(shared_for_a_second, conditional_page)
def lists(request: HttpRequest, series: str | None = None) -> dict[str, Any]:
    """Without `series`: those of the open round."""
    found = official_lists(series)
    if found is None:
        raise NoSuchSeries
    return found


@api.get(
    "/lists/{day}",
    response={200: BoardOut, 400: RefusalOut, 404: RefusalOut},
    summary="The official list of a day: the board with which it began in Seoul",
)
@decorate_view(shared_for_a_second, conditional_page)
def official_list(request: HttpRequest, day: date, series: str | None = None) -> dict[str, Any]:
    """Without `series`: of the open round."""
    found = official(series, day)
    if found is None:
        raise NoSuchList
    return found


@api.get("/entries/{slug}/history", response={200: HistoryOut, 404: RefusalOut}, summary="An entry through time")
@decorate_view(shared_for_a_second, conditional_page)
def entry_history(request: HttpRequest, slug: str, series: str | None = None) -> dict[str, Any]:
    """Its standings, oldest first. Without `series`: in the last round it took part in."""
    found = history(slug, series)
    if found is None:
        raise NoSuchEntry
    return found


@api.get("/rounds/{key}/exposure", response={200: ExposureOut, 404: RefusalOut}, summary="Who met whom")
@decorate_view(shared_for_a_second, conditional_page)
def round_exposure(request: HttpRequest, key: str) -> dict[str, Any]:
    """The battles of a round by pair and side, with the share drawn beside the share expected."""
    found = exposure(key)
    if found is None:
        raise NoSuchRound
    return found


@api.get(
    "/rounds/{key}",
    response={200: CourseOut, 404: RefusalOut},
    by_alias=True,
    summary="A round's states, and every step between them",
)
@decorate_view(shared_for_a_second, conditional_page)
def round_course(request: HttpRequest, key: str) -> dict[str, Any]:
    """Its states with their dates, and every step from one to the next. A draft is none yet."""
    found = timeline(key)
    if found is None:
        raise NoSuchRound
    return found


@api.get(
    "/rounds/{key}/rulebook",
    response={200: Rulebook, 400: RefusalOut, 404: RefusalOut},
    summary="A round's rulebook, byte by byte as its digest was made of it",
)
@decorate_view(shared_for_a_second, conditional_page)
def rulebook(request: HttpRequest, key: str, version: int | None = None) -> HttpResponse:
    """Without `version`: the one in force, or with which the round is to open. The ETag is its SHA-256."""
    contest = public_round(key)
    if contest is None:
        raise NoSuchRound
    found = version_of(contest, version)
    if found is None and (version is not None or contest.state not in UNOPENED):
        raise NoSuchVersion
    content = found.content if found else contest.draft
    return HttpResponse(content.encode(), content_type="application/json", headers={"ETag": f'"{digest_of(content)}"'})


@api.get("/openapi.json", include_in_schema=False)
@decorate_view(shared_for_a_second, conditional_page)
def openapi(request: HttpRequest) -> HttpResponse:
    """The description of all these."""
    return HttpResponse(description(api), content_type="application/json")
