"""A rulebook takes effect and is amended: each version is written once, with the terms that it means to the arena.

A version is never changed, so that everybody can tell under which rules a battle was started.
"""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from arena.gates import move_times
from inference.models import Entry
from leaderboard.admission import who_is_too_slow
from leaderboard.field import competing
from leaderboard.fold import fold
from leaderboard.models import TAKES_PART, UNOPENED, Round, RoundState, RulebookVersion
from leaderboard.reasons import amiss
from leaderboard.rotation import in_rotation, issue_terms
from leaderboard.rulebook import Rulebook, changed, digest_of, freezing, read_rulebook

# They say what votes are worth and who wins a tie: who changed them in an open round would know whom it hits.
FIXED = (
    "stage",
    "run_off",
    "voters",
    "format",
    "score",
    "components",
    "total",
    "total_places",
    "scores_public",
    "tie_band",
    "fewest_voters",
    "tie_chain",
    "tie_component",
    "ratings",
    "references",
    "eligibility",
    "old_votes",
    "appellants",
)


class CannotAmend(Exception):
    """The rulebook stays as it is; the words say why."""


class NotKept(Exception):
    """This site does not do yet what the rulebook promises; the words name the rule."""


def write_version(contest: Round, rules: Rulebook, *, reason: str = "", reason_ko: str = "") -> RulebookVersion:
    """Put rules into force: the next version, its terms, and the round's copy of them. In the caller's transaction."""
    last = contest.rulebooks.order_by("-version").first()
    version = last.version + 1 if last else 1
    terms = issue_terms(contest, rules, in_rotation(contest))
    contest.cut_size, contest.minimum_votes = rules.cut_size, rules.minimum_votes
    contest.freezes_at = freezing(rules, contest.ends_at)
    contest.save(update_fields=["cut_size", "minimum_votes", "freezes_at"])
    move_times(contest.gate_id, freezes_at=contest.freezes_at, until=contest.ends_at)
    content = rules.canonical()
    return RulebookVersion.objects.create(
        round=contest,
        version=version,
        content=content,
        digest=digest_of(content),
        reason=reason,
        reason_ko=reason_ko,
        terms=terms,
    )


@transaction.atomic
def amend_round(contest: Round, changes: Mapping[str, Any], *, reason: str, reason_ko: str = "") -> RulebookVersion:
    """Give an open round other rules, for a reason that everybody can read. Raises CannotAmend, NotKept, BadRulebook.

    Battles that have begun keep the terms they began under; the board is judged by the new rules at once.
    """
    # Two organizers at once, or one who closes meanwhile: the second waits here and sees what the first did.
    contest = Round.objects.select_for_update(of=("self",)).select_related("gate", "series").get(pk=contest.pk)
    if contest.state in UNOPENED:
        raise CannotAmend(_("it has not opened yet; its draft can be changed"))
    before = version_in_force(contest)
    old = read_rulebook(before.content)
    rules = changed(old, changes)
    refuse_amendment(contest, old, rules, (reason, reason_ko))
    refuse_unkept(rules)
    made = write_version(contest, rules, reason=reason.strip(), reason_ko=reason_ko.strip())
    fold(contest, anyway=True)
    return made


def version_in_force(contest: Round) -> RulebookVersion:
    return contest.rulebooks.latest("version")


def refuse_amendment(contest: Round, old: Rulebook, rules: Rulebook, reasons: Collection[str]) -> None:
    """Raise CannotAmend where these rules may not follow those, or not now, or not for such a reason."""
    if contest.state == RoundState.FROZEN:
        raise CannotAmend(_("its board stands still, and rules are not changed behind it"))
    if contest.state != RoundState.OPEN or not contest.gate.is_open or contest.ends_at <= timezone.now():
        raise CannotAmend(_("its votes are all in, and rules are not changed after them"))
    if words := amiss(*reasons):
        raise CannotAmend(words)
    if rules == old:
        raise CannotAmend(_("nothing would change"))
    touched = [name for name in FIXED if getattr(rules, name) != getattr(old, name)]
    if touched:
        raise CannotAmend(_("{rules} may not change once the round is open").format(rules=", ".join(touched)))
    freezes_at = freezing(rules, contest.ends_at)
    if freezes_at and freezes_at <= contest.opens_at:
        raise CannotAmend(_("a freeze of {hours} hours is longer than the round").format(hours=rules.freeze_hours))
    compete = competing(contest).count()
    if not 1 <= rules.cut_size < compete:
        raise CannotAmend(_("a cut of {cut} does not fit {n} entries").format(cut=rules.cut_size, n=compete))
    refuse_faster(contest, old, rules)


def refuse_faster(contest: Round, old: Rulebook, rules: Rulebook) -> None:
    """Raise CannotAmend where a higher pace would outrun a worker. That it keeps the pace is what let it in."""
    if not rules.pace or 0 < rules.pace <= old.pace:
        return
    entries = Entry.objects.filter(participations__round=contest, participations__state__in=TAKES_PART)
    if words := who_is_too_slow(entries.order_by("name"), rules.pace):
        raise CannotAmend(_("not all can keep that pace: {words}").format(words=words))


def refuse_unkept(rules: Rulebook) -> None:
    """Raise NotKept for a rule that this site does not keep to yet: it must not be promised."""
    if rules.ratings != Rulebook().ratings:
        raise NotKept(_("ratings.prior: ratings are made with half a phantom game only, as yet"))
