"""A round before it opens: entries, dates and a rulebook that may be changed freely, each time checked as a whole."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from arena.models import Gate
from arena.models import Sequence as VoteSequence
from inference.models import Entry
from leaderboard.amending import refuse_unkept
from leaderboard.models import Participation, ParticipationRole, Round, RoundState, Series
from leaderboard.rulebook import Rulebook, changed, freezing, read_rulebook


class CannotOpen(Exception):
    """There can be no such round; the words say why."""


@transaction.atomic
def draft_round(
    entries: Sequence[Entry],
    *,
    opens_at: datetime,
    ends_at: datetime,
    rulebook: Rulebook | None = None,
    **changes: Any,
) -> Round:
    """A new round that nobody sees yet. changes: rules that differ from the rulebook's, or from the usual ones.

    Raises CannotOpen, NotKept, BadRulebook. It has no state in the log yet: `states.begin` writes the first.
    """
    rules = changed(rulebook or Rulebook(), changes)
    refuse_run_off(rules)
    refuse_unfit(entries, rules, opens_at=opens_at, ends_at=ends_at)
    last = Round.objects.order_by("-number").first()
    number = last.number + 1 if last else 1
    contest = Round(number=number, opens_at=opens_at, ends_at=ends_at)
    store_round(contest, entries, rules, title=f"Round {number}", title_ko=f"{number}라운드")
    return contest


def store_round(contest: Round, entries: Sequence[Entry], rules: Rulebook, **title: str) -> None:
    """Store a round with what belongs to each: a series of boards, a gate, a draft of its rules, and who competes."""
    slug = f"round-{contest.key}"
    # Shut, so that nobody is drawn from a draft.
    contest.gate = Gate.objects.create(key=slug, is_open=False)
    VoteSequence.objects.create(gate=contest.gate)
    contest.series = Series.objects.create(slug=slug, **title)
    contest.draft, contest.freezes_at = rules.canonical(), freezing(rules, contest.ends_at)
    contest.save()
    take_in(contest, entries)


@transaction.atomic
def change_draft(
    contest: Round,
    *,
    entries: Sequence[Entry] | None = None,
    opens_at: datetime | None = None,
    ends_at: datetime | None = None,
    rules: Mapping[str, Any] | None = None,
) -> Round:
    """Change what is said of a draft, and leave the rest. Raises CannotOpen, NotKept, BadRulebook."""
    contest = Round.objects.select_for_update(of=("self",)).select_related("gate", "series").get(pk=contest.pk)
    if contest.state != RoundState.DRAFT:
        raise CannotOpen(_("only a draft can be changed; take the round back to a draft first"))
    wanted = changed(read_rulebook(contest.draft), rules or {})
    refuse_run_off(wanted)
    chosen = entrants(contest) if entries is None else list(entries)
    contest.opens_at, contest.ends_at = opens_at or contest.opens_at, ends_at or contest.ends_at
    refuse_unfit(chosen, wanted, opens_at=contest.opens_at, ends_at=contest.ends_at)
    contest.draft, contest.freezes_at = wanted.canonical(), freezing(wanted, contest.ends_at)
    contest.save(update_fields=["draft", "opens_at", "freezes_at", "ends_at"])
    if entries is not None:
        refuse_forgotten(contest, chosen)
        contest.participations.exclude(entry__in=chosen).delete()
        there = set(contest.participations.values_list("entry_id", flat=True))
        take_in(contest, [entry for entry in chosen if entry.pk not in there])
    return contest


def refuse_forgotten(contest: Round, chosen: Sequence[Entry]) -> None:
    """Raise CannotOpen where somebody who was admitted to the round would be left out of it again."""
    admitted = contest.participations.filter(role=ParticipationRole.WILDCARD).select_related("entry")
    for part in admitted.exclude(entry__in=chosen):
        raise CannotOpen(_("{slug} was admitted to this round, and stays in it").format(slug=part.entry.slug))


def take_in(contest: Round, entries: Sequence[Entry]) -> None:
    Participation.objects.bulk_create(
        Participation(round=contest, entry=entry, team_id=entry.team_id) for entry in entries
    )


def entrants(contest: Round) -> list[Entry]:
    """The entries of a round, by slug."""
    return list(Entry.objects.filter(participations__round=contest).order_by("slug"))


def refuse_run_off(rules: Rulebook) -> None:
    """Raise CannotOpen for the rules of a run-off: they follow from its round's, and nobody drafts them."""
    if rules.stage != "round":
        raise CannotOpen(_("a run-off follows from its round, and nobody drafts one"))


def refuse_unfit(entries: Sequence[Entry], rules: Rulebook, *, opens_at: datetime, ends_at: datetime) -> None:
    """Raise CannotOpen or NotKept where these cannot make a round."""
    refuse_unkept(rules)
    if not 1 <= rules.cut_size < len(entries):
        raise CannotOpen(_("a cut of {cut} does not fit {n} entries").format(cut=rules.cut_size, n=len(entries)))
    if len({entry.pk for entry in entries}) < len(entries):
        raise CannotOpen(_("one of the entries is named twice"))
    if len({entry.team_id for entry in entries}) < len(entries):
        raise CannotOpen(_("two of the entries belong to one team"))
    if ends_at <= timezone.now():
        raise CannotOpen(_("its end has passed already"))
    if ends_at <= opens_at:
        raise CannotOpen(_("it would end before it opens"))
    refuse_references(rules, entries)
    freezes_at = freezing(rules, ends_at)
    if freezes_at and freezes_at <= opens_at:
        raise CannotOpen(
            _("with a freeze of {n} hours its board would stand still from the beginning").format(n=rules.freeze_hours)
        )


def refuse_references(rules: Rulebook, entries: Sequence[Entry]) -> None:
    """Raise CannotOpen where somebody who is named as a reference is nobody, or competes."""
    found = {entry.slug for entry in references(rules)}
    for slug in rules.references:
        if slug not in found:
            raise CannotOpen(_("there is no entry {slug} to be a reference").format(slug=slug))
    for entry in entries:
        if entry.slug in found:
            raise CannotOpen(_("{slug} cannot compete and be a reference").format(slug=entry.slug))


def references(rules: Rulebook) -> list[Entry]:
    """The entries that the rules name as references."""
    return list(Entry.objects.filter(slug__in=rules.references).order_by("slug"))
