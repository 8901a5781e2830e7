"""What Celery does for the contest: fold, refit, publish. Never between a vote and the database."""

from celery import shared_task

from leaderboard.fold import fold, has_news
from leaderboard.models import Round, RoundState
from leaderboard.rounds import end_due_rounds


@shared_task
def fold_open_rounds() -> None:
    """Called by beat twice a second."""
    end_due_rounds()
    for contest in Round.objects.filter(state=RoundState.OPEN).select_related("series", "gate"):
        if has_news(contest):
            fold(contest)
