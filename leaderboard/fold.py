"""The fold: new ballots become the next board. By position, so that no vote is skipped and none counts twice."""

from django.db import transaction
from prometheus_client import Counter, Histogram

from arena.ballots import ballots
from arena.models import Vote
from arena.sequence import sweep
from inference.models import Entry
from leaderboard.boards import publish_board, store_tally, stored_tally
from leaderboard.broadcast import announce
from leaderboard.models import Board, Folded, Round
from rating import outcome_named

SECONDS = Histogram("lms_fold_seconds", "One fold, from the lock to the board.")
BALLOTS = Counter("lms_folded_ballots_total", "Ballots that were folded.")


def has_news(contest: Round) -> bool:
    """Whether a fold would find votes. Reads only, so that looking twice a second costs nothing."""
    if Vote.objects.filter(gate_id=contest.gate_id, position=None).exists():
        return True
    folded = Folded.objects.get(series_id=contest.series_id)
    return Vote.objects.filter(gate_id=contest.gate_id, position__gt=folded.position).exists()


@SECONDS.time()
@transaction.atomic
def fold(contest: Round, *, anyway: bool = False) -> Board | None:
    """Fold the round's ballots past the last folded position and publish the board; None if there were none.

    anyway: publish without new ballots too, because the standings' meaning has changed.
    """
    # The locked row makes the folder single; a second one finds nothing left to do.
    folded = Folded.objects.select_for_update().get(series_id=contest.series_id)
    sweep(contest.gate_id)
    tally = stored_tally(folded)
    place = {slug: i for i, slug in enumerate(folded.slugs)}
    before = folded.position
    for ballot in ballots(contest.gate, after=before):
        tally.add(place[ballot.a], place[ballot.b], outcome_named(ballot.winner), ballot.weight)
        folded.position = ballot.position
    if folded.position == before and not anyway:
        return None
    store_tally(folded, tally)
    folded.save(update_fields=["position", "counts"])
    names = dict(Entry.objects.filter(slug__in=folded.slugs).values_list("slug", "name"))
    board = publish_board(contest.series, folded, tally, names)
    transaction.on_commit(lambda: announce(contest.series.slug))
    transaction.on_commit(lambda: BALLOTS.inc(folded.position - before))
    return board
