"""What Celery does for the contest: keep the schedule, fold, refit, publish. Never between a vote and the database."""

from celery import shared_task
from django.db.models.functions import Now

from leaderboard.cut.preview import preview_round
from leaderboard.export_queue import write_portion
from leaderboard.fold import fold, has_news
from leaderboard.margins import measure_margin
from leaderboard.models import DECIDED, LIVE, UNOPENED, Folded, Round, RoundState
from leaderboard.official import pin_due_lists
from leaderboard.schedule import keep_schedule
from leaderboard.style import control_style


@shared_task
def fold_open_rounds() -> None:
    """Called by beat twice a second."""
    keep_schedule()
    for contest in Round.objects.filter(state__in=LIVE).select_related("series", "gate"):
        if has_news(contest):
            fold(contest)


@shared_task
def measure_margins() -> None:
    """Called by beat once a minute: a second's work on a million votes, and much more the first time."""
    for contest in Round.objects.filter(state__in=LIVE).select_related("series", "gate"):
        measure_margin(contest)


@shared_task
def preview_decisions() -> None:
    """Called by beat once a minute: some decisions on all votes, each time there is a new board."""
    counting = Round.objects.exclude(state__in=(*UNOPENED, *DECIDED, RoundState.ANNULLED))
    for contest in counting.select_related("series", "gate"):
        preview_round(contest)


@shared_task
def control_styles() -> None:
    """Called by beat once a minute: some seconds' work on a million votes, each time there are a hundredth more."""
    for contest in Round.objects.filter(state__in=LIVE).select_related("series", "gate"):
        control_style(contest)


@shared_task
def pin_official_lists() -> None:
    """Called by beat every ten seconds; the lists are those of midnights in Seoul."""
    # The database's clock, one for all: by a worker's own a list could be pinned before its day.
    now = Folded.objects.annotate(now=Now()).values_list("now", flat=True).first()
    if now is not None:  # else there is no round yet
        pin_due_lists(now)


@shared_task
def write_exports() -> None:
    """Called by beat every two seconds: a portion of the export that waits longest."""
    write_portion()
