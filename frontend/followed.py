"""What a final result did to servers, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inference.draining import WorkerState
from inference.models import Entry
from leaderboard.consequences import followed
from leaderboard.models import Effect, Round

FOLLOWED: Mapping[str, Any] = {
    "passed": _(
        "Its servers take no more battles; those under way are finished. Its places pass to those who stay and share "
        "its machine."
    ),
    "drained": _(
        "Its servers take no more battles; those under way are finished. No survivor shares a machine with it: its "
        "places pass to nobody."
    ),
    "resumed": _("Its servers are back in service."),
    "dealt": _("It may answer {places} more at once: they were of who went out on its machine."),
    "dealt_back": _("It gave back {places} places on its machine."),
}
WORKER_STATES: Mapping[str, Any] = {
    WorkerState.IN_SERVICE: _("in service"),
    WorkerState.DRAINING: _("being drained: no new battle, those under way are finished"),
    WorkerState.DRAINED: _("drained"),
}
EFFECTS: Mapping[str, Any] = {
    Effect.DRAINED: _("out of service: {url}"),
    Effect.DEALT: _("{places} places more: {url}"),
    Effect.READ_ONLY: _("the team's tokens only read"),
}


def followed_in_words(entry: Entry) -> list[dict[str, Any]]:
    return [
        {
            "at": line.at,
            "round": gettext("Round {n}").format(n=line.round),
            "words": FOLLOWED[line.what].format(places=line.places),
        }
        for line in followed(entry)
    ]


def done_in_words(contest: Round) -> list[dict[str, Any]]:
    """All that a round's result did, for organizers: whose server, which, and whether it was taken back."""
    rows = contest.consequences.select_related("entry", "team").order_by("id")
    return [
        {
            "row": row,
            "who": row.entry.name if row.entry else row.team.name,
            "words": EFFECTS[row.effect].format(url=row.url, places=row.places),
        }
        for row in rows
    ]
