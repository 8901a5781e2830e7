"""The scores of a round in the public API, as far as the rulebook lets them be public."""

from typing import Any

from django.http import HttpRequest
from django.views.decorators.http import conditional_page
from ninja import Router, Schema
from ninja.decorators import decorate_view

from arena.refusals import NoSuchEdition, NoSuchRound
from leaderboard.answers import RefusalOut, shared_for_a_second
from leaderboard.scoring.told import public_scores

router = Router()


class PieceOut(Schema):
    url: str
    digest: str  # SHA-256 of what stood there; empty where nobody took it


class MarkOut(Schema):
    slug: str
    part: str  # of a benchmark; empty where it has none
    test: str
    judge: str | None  # by the name that the rulebook publishes
    value: str | None  # exact; null: taken back
    error: str | None
    items: int | None
    evidence: list[PieceOut]
    source_digest: str  # SHA-256 of the file it was imported from
    at: str  # ISO 8601
    corrected: bool
    reason: str
    reason_ko: str


class ScoreOut(Schema):
    slug: str
    score: str  # exact: a decimal, or a fraction where it ends nowhere
    score_printed: str
    points: str | None  # exact; null until all scores of the component are there
    printed: str | None
    error: float | None  # standard error of the points


class ComponentOut(Schema):
    name: str
    title: str
    title_ko: str
    kind: str
    weight: str
    normalisation: str
    maximum: str | None  # of the arena there is none
    places: int
    scores: list[ScoreOut]
    marks: list[MarkOut]


class TotalOut(Schema):
    slug: str
    name: str
    total: str | None  # exact; null until every component is complete
    printed: str | None
    error: float | None  # standard error
    rank: int | None
    p_cut: float | None  # how likely it is truly among those who go out by the total


class MeanOut(Schema):
    exact: str
    printed: str


class AverageOut(Schema):
    components: dict[str, MeanOut | None]
    total: MeanOut | None


class MissingOut(Schema):
    component: str
    slug: str
    part: str
    test: str
    judges: int  # how many more have to mark


class ScoresEditionOut(Schema):
    """A decision with which the scores were kept as they stood."""

    edition: int
    at: str
    as_now: bool  # whether no mark has been corrected since


class ScoresOut(Schema):
    round: int
    key: str
    series: str
    title: str
    title_ko: str
    state: str
    public: bool  # false: what was entered is not public yet, and the lists are empty
    cut_size: int
    total: str
    total_places: int
    components: list[ComponentOut]  # none: the rating in the arena decides alone
    entries: list[TotalOut]
    average: AverageOut | None
    missing: list[MissingOut]
    edition: int | None  # with which the scores stood like this; null: as they stand now
    editions: list[ScoresEditionOut]


@router.get("/rounds/{key}/scores", response={200: ScoresOut, 404: RefusalOut}, summary="Composite scores")
@decorate_view(shared_for_a_second, conditional_page)
def round_scores(request: HttpRequest, key: str, edition: int | None = None) -> dict[str, Any]:
    """What each component gave, what it adds up to, and every mark with what shows it.

    `edition`: as they stood with that edition of the decision, whatever was corrected since.
    """
    found = public_scores(key, edition=edition)
    if found is None:
        raise NoSuchRound if edition is None else NoSuchEdition
    return found
