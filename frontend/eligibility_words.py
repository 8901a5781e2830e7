"""Words of the gate beside the score: axes, what is alleged and by whom, what becomes of it, what is found."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

AXES: Mapping[str, Any] = {
    "technical": _("Technical: where its parts come from"),
    "policy": _("Policy: the rules of the contest"),
    "ethical": _("Ethical: what is right"),
}
AXES_SHORT: Mapping[str, Any] = {
    "technical": _("Technical"),
    "policy": _("Policy"),
    "ethical": _("Ethical"),
}
OUTCOMES: Mapping[str, Any] = {
    "passed": _("Passed"),
    "conditional": _("Passed under conditions"),
    "failed": _("Failed"),
}
SOURCES: Mapping[str, Any] = {
    "organizer": _("The organizers"),
    "team": _("A team"),
    "public": _("Somebody from the public, through the organizers"),
}
ALLEGATION_STATES: Mapping[str, Any] = {
    "open": _("Open"),
    "upheld": _("Upheld"),
    "dismissed": _("Dismissed"),
    "withdrawn": _("Withdrawn"),
}
