"""The fold: new ballots become the next board. By position, so that no vote is skipped and none counts twice."""

from itertools import islice

from django.db import transaction
from prometheus_client import Counter, Histogram

from arena.ballots import ballots, earlier_ballots
from arena.models import Vote
from arena.sequence import sweep
from inference.models import Entry
from leaderboard.boards import publish_board
from leaderboard.broadcast import announce
from leaderboard.categories import Counts, count, publish_categories, store_counts, stored_counts
from leaderboard.counting import Columns, store, stored, tally_of
from leaderboard.models import Board, Folded, Round
from leaderboard.pairing import publish_pairing
from rating import Running

AT_ONCE = 50_000  # ballots

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
    # Whoever waited here may find that the round has been moved: a board frozen meanwhile must not steer the draw.
    contest.refresh_from_db(fields=["state"])
    sweep(contest.gate_id)
    running = stored(folded, contest)
    before = folded.position
    by_category = stored_counts(folded, contest)
    folded.position = count_new(contest, running, by_category, folded)
    if folded.position == before and not anyway:
        return None
    made = running.fit(apart=True)
    store(folded, running)
    store_counts(folded, by_category)
    folded.save(update_fields=["position", "state", "by_category"])
    names = dict(Entry.objects.filter(slug__in=folded.slugs).values_list("slug", "name"))
    votes = tally_of(running)
    board = publish_board(contest.series, folded, made, names, intervals=running.intervals, votes=votes)
    publish_categories(contest, board, folded.slugs, by_category)
    publish_pairing(contest, folded, made, votes)
    transaction.on_commit(lambda: announce(contest.series.slug))
    transaction.on_commit(lambda: BALLOTS.inc(folded.position - before))
    return board


def add_player(contest: Round, entry: Entry) -> None:
    """Make room for one more in what the votes add up to, in the caller's transaction; all others stay as they are."""
    folded = Folded.objects.select_for_update().get(series_id=contest.series_id)
    running = stored(folded, contest).grown(len(folded.slugs) + 1)
    folded.slugs = [*folded.slugs, entry.slug]
    store(folded, running)
    folded.save(update_fields=["slugs", "state"])


def count_new(contest: Round, running: Running, by_category: Counts, folded: Folded) -> int:
    """Count the ballots past the folded position, in portions that fit in memory. Returns the last's position."""
    columns, position = Columns(folded.slugs), folded.position
    while new := list(islice(ballots(contest.gate, after=position, labelled=True), AT_ONCE)):
        last = new[-1].position
        running.count(columns.of(new), columns.of(earlier_ballots(contest.gate, after=position, upto=last)))
        count(by_category, folded.slugs, new)
        position = last
        if len(new) < AT_ONCE:
            break
    return position
