"""The decision that belongs to an edition of a board, for its files and for everybody who asks."""

import json

from leaderboard.models import Board, Decision, Round, Status


def decision_of(contest: Round, edition: Board) -> Decision | None:
    """The decision that an edition shows; None while votes came in and after it was taken back."""
    made = contest.decisions.filter(position=edition.position, board__number__lt=edition.number)
    found = made.order_by("-edition").first()
    if found is None:
        return None
    # An edition never changes, and so tells for good whether the decision was in force when it was made.
    out = edition.standings.filter(status=Status.ELIMINATED).values_list("slug", flat=True)
    if contest.leg:  # who is out is said by its round; where it was annulled, nobody is out or safe
        decided = edition.standings.filter(status__in=(Status.ELIMINATED, Status.SAFE))
        return found if decided.exists() else None
    return found if set(out) == set(json.loads(found.content)["goes"]) else None
