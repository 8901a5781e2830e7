"""Marks: entered whole or not at all, with what shows them; replaced for a reason, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.audit import record
from accounts.models import User
from leaderboard.components import Benchmark, Panel
from leaderboard.evidence import Evidence
from leaderboard.models import (
    UNOPENED,
    Judge,
    Mark,
    Participation,
    ParticipationRole,
    ParticipationState,
    Round,
    RoundState,
)
from leaderboard.reasons import amiss
from leaderboard.rules import plain
from leaderboard.scoring.panels import MARKABLE, CannotMark, Competitors, held, marked, own_member, refuse_stranger

# A run-off may go on and a result may be published: until it is final, a wrong mark is put right.
CORRECTABLE = tuple(each for each in RoundState if each not in (*UNOPENED, RoundState.FINAL, RoundState.ANNULLED))
SHOWN_PROBLEMS = 10
TAKING_PART = (ParticipationState.COMPETING, ParticipationState.ELIMINATED)


@dataclass(frozen=True, slots=True)
class Given:
    """A mark to be entered. Without a value, the one that is there is taken back."""

    entry: str
    value: Decimal | None
    section: str = ""
    test: str = ""
    judge: str = ""
    """By name or pseudonym."""
    error: Decimal | None = None
    items: int | None = None
    place: str = ""
    """Where it stands, for who has to mend it: "row 3"."""


@dataclass(frozen=True, slots=True)
class Said:
    """Who enters marks, what shows them, and where marks are replaced, why."""

    evidence: Sequence[Evidence]
    by: User | None = None
    reason: str = ""
    reason_ko: str = ""
    source_digest: str = ""


@transaction.atomic
def enter_marks(contest: Round, component: str, given: Sequence[Given], said: Said) -> list[Mark]:
    """Store these marks, all or none. A mark that is there already is replaced if a reason is given. Raises CannotMark.

    The words name each row that is wrong, up to ten.
    """
    contest = held(contest)
    rule = marked(contest, component)
    refuse_unsaid(contest, given, said)
    sheet = Sheet.of(contest, rule)
    made, problems = [], []
    for one in given:
        try:
            made.append(sheet.mark(one, said))
        except CannotMark as why:
            problems.append(f"{one.place}: {why}" if one.place else str(why))
    if problems:
        more = len(problems) - SHOWN_PROBLEMS
        words = "; ".join(problems[:SHOWN_PROBLEMS])
        if more > 0:
            words += "; " + ngettext("and {n} more", "and {n} more", more).format(n=more)
        raise CannotMark(words)
    for mark in made:
        mark.save()
    corrected = sum(mark.replaces_id is not None for mark in made)
    record(
        said.by,
        "marks.entered",
        contest.subject,
        component=component,
        marks=len(made) - corrected,
        corrected=corrected,
        reason=said.reason.strip(),
        reason_ko=said.reason_ko.strip(),
    )
    return made


def refuse_unsaid(contest: Round, given: Sequence[Given], said: Said) -> None:
    """Raise CannotMark where nobody who may enters something, or not now, or shows nothing for it."""
    refuse_stranger(said.by)
    if contest.state not in CORRECTABLE:
        raise CannotMark(_("marks are entered while the round is open, and until its result is published"))
    if not given:
        raise CannotMark(_("there is no mark to enter"))
    if not said.evidence:
        raise CannotMark(_("marks need an address at which everybody can see where they come from"))
    if (said.reason or said.reason_ko) and (words := amiss(said.reason, said.reason_ko)):
        raise CannotMark(words)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A component's marks as they are, against which new ones are checked."""

    rule: Benchmark | Panel
    new: bool
    """Whether the round still takes marks that were not there, or only corrections."""
    parts: dict[str, Participation]
    judges: dict[str, Judge]
    own: dict[int, str]
    """Of judges who belong to a team that competes, that team."""
    conflicts: frozenset[tuple[int, int]]
    there: dict[tuple[str, str, str, int | None], Mark]
    seen: set[tuple[str, str, str, int | None]] = field(default_factory=set)

    @classmethod
    def of(cls, contest: Round, rule: Benchmark | Panel) -> "Sheet":
        judges = list(Judge.objects.filter(round=contest, component=rule.name))
        competitors = Competitors.of(contest)
        names = {one.pseudonym: one for one in judges} | {one.name: one for one in judges}
        pairs = [row for one in judges for row in one.conflicts.values_list("judge_id", "team_id")]
        return cls(
            rule=rule,
            new=contest.state in MARKABLE,
            parts={one.entry.slug: one for one in contest.participations.select_related("entry")},
            judges=names,
            own={one.pk: team for one in judges if (team := competitors.team_of(one))},
            conflicts=frozenset(pairs),
            there={key_of(one): one for one in in_force_marks(contest, rule.name)},
        )

    def mark(self, given: Given, said: Said) -> Mark:
        """The row to store. Raises CannotMark."""
        part = self.part(given)
        judge = self.judge(given, part)
        self.refuse_wrong_place(given)
        self.refuse_out_of_range(given)
        key = (given.entry, given.section, given.test, judge.pk if judge else None)
        if key in self.seen:
            raise CannotMark(_("this mark stands twice"))
        self.seen.add(key)
        last = self.there.get(key)
        self.refuse_bad_replacement(given, last, said)
        return Mark(
            part=part,
            component=self.rule.name,
            section=given.section,
            test=given.test,
            judge=judge,
            value=given.value,
            error=given.error,
            items=given.items,
            evidence=list(said.evidence),
            source_digest=said.source_digest,
            replaces=last,
            reason=said.reason.strip() if last else "",
            reason_ko=said.reason_ko.strip() if last else "",
            by=said.by,
        )

    def part(self, given: Given) -> Participation:
        part = self.parts.get(given.entry)
        if part is None:
            raise CannotMark(_("{slug} takes no part in this round").format(slug=given.entry[:50] or "–"))
        if part.role == ParticipationRole.REFERENCE:
            raise CannotMark(_("{slug} is a reference, and not scored").format(slug=given.entry))
        if part.state not in TAKING_PART:
            raise CannotMark(_("{slug} no longer takes part in this round").format(slug=given.entry))
        return part

    def judge(self, given: Given, part: Participation) -> Judge | None:
        if not (isinstance(self.rule, Panel) and self.rule.marks == "judges"):
            if given.judge:
                raise CannotMark(_("by the rulebook {name} has no judges of its own").format(name=self.rule.name))
            return None
        judge = self.judges.get(given.judge)
        if judge is None:
            raise CannotMark(_("{name} is no judge of this panel").format(name=given.judge[:80] or "–"))
        if team := self.own.get(judge.pk):
            raise own_member(judge, team)
        if given.value is not None and (judge.pk, part.team_id) in self.conflicts:
            raise CannotMark(
                _("{judge} declared a conflict with the team of {slug}, and does not mark it").format(
                    judge=judge.pseudonym, slug=given.entry
                )
            )
        return judge

    def refuse_wrong_place(self, given: Given) -> None:
        """Raise CannotMark where the rulebook knows no such part or test."""
        sections = {part.name: part for part in self.rule.parts} if isinstance(self.rule, Benchmark) else {}
        if not sections and not given.section and not given.test:
            return
        section = sections.get(given.section)
        if section is None:
            raise CannotMark(_("{name} has no part {part}").format(name=self.rule.name, part=given.section[:50] or "–"))
        if given.test not in (section.tests or ("",)):
            raise CannotMark(_("{part} has no test {test}").format(part=section.name, test=given.test[:50] or "–"))

    def refuse_out_of_range(self, given: Given) -> None:
        """Raise CannotMark for a mark or an error that cannot be."""
        sections = {part.name: part for part in self.rule.parts} if isinstance(self.rule, Benchmark) else {}
        top = sections[given.section].top if given.section else self.rule.top
        if given.value is not None and not 0 <= given.value <= top:
            raise CannotMark(
                _("{value} is out of range; a mark goes from 0 to {top}").format(value=given.value, top=top)
            )
        if given.error is not None and not 0 <= given.error <= top:
            raise CannotMark(_("{value} is no standard error of a mark up to {top}").format(value=given.error, top=top))
        if given.error is not None and given.items is not None:
            raise CannotMark(_("either a standard error is said or the number of questions, not both"))
        if given.items is not None and not (isinstance(self.rule, Benchmark) and 1 <= given.items <= 100_000_000):
            raise CannotMark(_("only tests have a number of questions, and of one or more"))
        if given.judge and given.error is not None:
            raise CannotMark(_("the judges' marks tell their error themselves; none is entered"))

    def refuse_bad_replacement(self, given: Given, last: Mark | None, said: Said) -> None:
        """Raise CannotMark where this mark may not follow the one that is there."""
        if last is None:
            if given.value is None:
                raise CannotMark(_("there is no mark to take back"))
            if not self.new:
                raise CannotMark(_("the result is published: marks can be corrected, and no others come in"))
            return
        if (last.value, last.error, last.items) == (given.value, given.error, given.items):
            raise CannotMark(_("this very mark is there already"))
        if not said.reason:
            value = "–" if last.value is None else plain(last.value)
            raise CannotMark(_("there is a mark already, {value}; to replace it takes a reason").format(value=value))


def key_of(mark: Mark) -> tuple[str, str, str, int | None]:
    return (mark.part.entry.slug, mark.section, mark.test, mark.judge_id)


def in_force_marks(contest: Round, component: str | None = None) -> QuerySet[Mark]:
    """The marks that nothing has replaced, those taken back among them."""
    marks = Mark.objects.filter(part__round=contest, replaced_by=None)
    if component is not None:
        marks = marks.filter(component=component)
    return marks.select_related("part__entry", "judge").order_by("component", "part__entry__slug", "id")
