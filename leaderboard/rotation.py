"""Who may be drawn now: the terms of a round's gate, written anew when its rules or its field change.

Terms are never changed, so that a battle's terms say for good among whom it was drawn. A field that changes under the
same rules therefore gets terms of its own, and no new version of the rulebook: nobody changed a rule.
"""

from collections.abc import Mapping

from arena.models import Drawable, Terms
from leaderboard.models import ParticipationState, Round
from leaderboard.rulebook import Rulebook, in_force

ARENA_RULES = ("temperature", "top_p", "max_tokens", "system_prompt", "max_turns", "pace", "reveal", "voter_cap")


def issue_terms(contest: Round, rules: Rulebook, drawn: Mapping[int, float]) -> Terms:
    """The gate's next terms. drawn: the entries that may be drawn, by id, and how heavily."""
    last = contest.gate.terms.order_by("-version").first()
    terms = Terms.objects.create(
        gate_id=contest.gate_id,
        version=last.version + 1 if last else 1,
        verified_only=rules.voters == "verified",
        **{name: getattr(rules, name) for name in ARENA_RULES},
    )
    Drawable.objects.bulk_create(
        Drawable(terms=terms, entry_id=entry, weight=weight) for entry, weight in drawn.items()
    )
    return terms


def in_rotation(contest: Round) -> dict[int, float]:
    """Who takes part as things stand, by entry, and how heavily: as before, or as everybody who is new."""
    last = contest.gate.terms.order_by("-version").first()
    before = dict(last.drawables.values_list("entry_id", "weight")) if last else {}
    playing = contest.participations.filter(state=ParticipationState.COMPETING).order_by("id")
    return {entry: before.get(entry, 1.0) for entry in playing.values_list("entry_id", flat=True)}


def rotate(contest: Round) -> Terms:
    """Draw among those who take part now, from the next battle on; those under way keep the terms they began under."""
    return issue_terms(contest, in_force(contest), in_rotation(contest))
