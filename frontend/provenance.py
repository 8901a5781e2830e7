"""What an entry is and where it comes from, in words, as its page tells it."""

from typing import Any, NamedTuple

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from frontend.words import COMMERCIAL_USE, COMPONENTS, OPENNESS, REASONING, STARTS
from inference.models import Entry


class Fact(NamedTuple):
    """A thing that is told. `exact` is a digest or the like; link: an address on the web, or nothing."""

    name: str
    words: str
    exact: bool = False
    link: str = ""


def identity(entry: Entry) -> list[Fact]:
    """What says which model it is."""
    context = entry.context_length
    return [
        Fact(_("Made from"), stated(entry.base)),
        Fact(_("Revision of the weights"), stated(entry.weights_revision), exact=bool(entry.weights_revision)),
        Fact(_("Digest of the weights (SHA-256)"), stated(entry.weights_digest), exact=bool(entry.weights_digest)),
        Fact(_("Served by"), stated(" ".join(filter(None, (entry.stack, entry.stack_commit))))),
        Fact(
            _("Digest of the chat template (SHA-256)"),
            stated(entry.chat_template_digest),
            exact=bool(entry.chat_template_digest),
        ),
        Fact(
            _("Context"),
            _("{n} tokens").format(n=number_format(context, force_grouping=True)) if context else stated(""),
        ),
        Fact(_("Thinking before it answers"), str(REASONING[entry.reasoning])),
    ]


def openness(entry: Entry) -> list[Fact]:
    """Who may have it, and what with."""
    return [
        Fact(_("Licence"), stated(entry.licence), link=entry.licence_url),
        Fact(_("Commercial use"), str(COMMERCIAL_USE[entry.commercial_use])),
        Fact(_("Weights"), str(OPENNESS[entry.open_weights])),
        Fact(_("Code"), str(OPENNESS[entry.open_code])),
        Fact(_("Training data"), str(OPENNESS[entry.open_data])),
        Fact(_("Training logs"), str(OPENNESS[entry.open_logs])),
    ]


def components(entry: Entry) -> list[dict[str, Any]]:
    """Its parts, each with where it comes from and what shows it."""
    return [
        {
            "kind": COMPONENTS[part.kind],
            "name": part.name,
            "origin": stated(part.origin),
            "licence": stated(part.licence),
            "start": STARTS[part.start],
            "evidence": part.evidence,
        }
        for part in entry.components.all()
    ]


def stated(words: str) -> str:
    return words or _("Not stated")
