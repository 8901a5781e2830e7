"""The console's words: what waits, and what was done."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Action
from frontend.words import ROLES
from leaderboard.needs import Kind, Need

NEEDS: Mapping[Kind, Any] = {
    Kind.HINDERED: gettext_lazy("The schedule cannot move {round} on: {about}."),
    Kind.SIGNATURE: gettext_lazy("{about} asks for a second signature on {round}."),
    Kind.PUBLISH: gettext_lazy("All votes of {round} are counted. Its result waits to be published."),
    Kind.APPEALS: gettext_lazy("The result of {round} is published. Appeals wait to be opened."),
    Kind.FINISH: gettext_lazy("The days for appeals in {round} are over. It waits to be declared final, by two."),
    Kind.OPENS: gettext_lazy("{round} opens soon."),
    Kind.FREEZES: gettext_lazy("The public board of {round} freezes soon."),
    Kind.ENDS: gettext_lazy("{round} ends soon."),
    Kind.NOBODY_ANSWERS: gettext_lazy("Nobody answers for {about}, so it is not drawn."),
    Kind.WORKER_DOWN: gettext_lazy("A worker does not answer: {about}"),
    Kind.UNCOUNTED: gettext_lazy("Votes are cast and not counted: the fold is stuck."),
    Kind.EXPORT_FAILED: gettext_lazy("An export could not be written: {about}"),
}
PARTS: Mapping[str, Any] = {
    "competing": gettext_lazy("competes"),
    "eliminated": gettext_lazy("eliminated"),
}
ACTIONS: Mapping[str, Any] = {
    "team.invited": gettext_lazy("invited {who} as {role}"),
    "team.invitation_withdrawn": gettext_lazy("withdrew the invitation of {who}"),
    "team.joined": gettext_lazy("joined as {role}"),
    "team.role_changed": gettext_lazy("made {who}: {role}"),
    "team.left": gettext_lazy("left"),
    "team.removed": gettext_lazy("took {who} out"),
    "export.asked": gettext_lazy("had board {board} exported"),
}


def need_words(need: Need) -> str:
    return str(NEEDS[need.kind]).format(round=round_words(need.round.number) if need.round else "", about=need.about)


def round_words(number: int) -> str:
    return _("Round {n}").format(n=number)


def action_words(row: Action) -> str:
    """What was done, in words; what this code has no words for, by its name."""
    details = dict(row.details)
    if details.get("role") in ROLES:
        details["role"] = ROLES[details["role"]]
    template = ACTIONS.get(row.action)
    return str(template).format(**details) if template else row.action
