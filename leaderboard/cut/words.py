"""A decision in words: why nobody is sent out yet."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rating.decision import Decision


def why_not(decision: Decision) -> str:
    """Why this decides nothing yet, for the person who wanted it to."""
    who = named(sorted(decision.open))
    if decision.state == "run_off":
        return ngettext(
            "{who} are tied at the line, and {n} of them stays: the rulebook asks for a run-off between them first",
            "{who} are tied at the line, and {n} of them stay: the rulebook asks for a run-off between them first",
            decision.places,
        ).format(who=who, n=decision.places)
    if decision.state == "beacon":
        return ngettext(
            "{who} are tied at the line, and {n} of them stays: the rulebook asks for a public random number first",
            "{who} are tied at the line, and {n} of them stay: the rulebook asks for a public random number first",
            decision.places,
        ).format(who=who, n=decision.places)
    return "; ".join(trouble_in_words(one.what, one.who) for one in decision.troubles)


def trouble_in_words(what: str, whom: Sequence[Sequence[str]]) -> str:
    """What stands in the way of a decision, and whom it is about."""
    match what:
        case "few_left":
            return _("of {who} the cut would leave nobody").format(who=named(whom[0]))
        case "groups":
            groups = " | ".join(named(group) for group in whom)
            return _("not all entries are joined by votes, so the last of them is not known: {groups}").format(
                groups=groups
            )
        case "few_votes":
            return _("there are too few votes on {who}").format(who=named(whom[0]))
        case "scores_missing":
            component, who = whom
            return _("{who} have no score in {component}").format(who=named(who), component=component[0])
        case _:  # still tied
            return _("{who} are tied at the line, and no step of the rulebook tells them apart").format(
                who=named(whom[0])
            )


def named(slugs: Sequence[str]) -> str:
    return ", ".join(slugs)
