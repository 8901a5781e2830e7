"""The rounds after a round: they go on as they are, whatever becomes of its result afterwards."""

from inference.models import Entry
from leaderboard.field import competing
from leaderboard.models import DECIDED, Round, RoundState


def announced_after(contest: Round) -> Round | None:
    """The first later round that was announced and not annulled."""
    later = Round.objects.filter(number__gt=contest.number, leg=0)
    return later.exclude(state__in=(RoundState.DRAFT, RoundState.ANNULLED)).order_by("number").first()


def left_out(contest: Round) -> list[Entry]:
    """Who is in the contest by the round before, as it stands now, and whose team plays no part in this one.

    So it is after a ruling has let somebody stay, or that round was annulled, while this one had been announced.
    """
    decided = Round.objects.filter(number__lt=contest.number, leg=0, state__in=(*DECIDED, RoundState.ANNULLED))
    before = decided.order_by("-number").first()
    if before is None:
        return []
    absent = competing(before).exclude(team__in=contest.participations.values("team"))
    return [part.entry for part in absent.select_related("entry").order_by("entry__name")]
