"""The chapters of the contest, each a week or two: what happens, and why, as its story tells it."""

from typing import Any

from accounts.models import User
from config.contest.cast import CONTESTANTS, NEWCOMER, REFERENCE
from config.contest.playing import DAY, HOUR, Stage, entered, owner_of
from inference.models import Entry
from leaderboard.appeals.filing import Statement, file_appeal
from leaderboard.appeals.ruling import Verdict, confirm_ruling, propose_ruling
from leaderboard.calls import apply, make_call
from leaderboard.cut.decisions import decide_now, in_force
from leaderboard.field import competing
from leaderboard.models import Axis, Call, Outcome, Round, RoundState
from leaderboard.panels import cast_panel_vote, confirm_outcome, propose_outcome, seat_panel
from leaderboard.schedule import keep_schedule
from leaderboard.verdicts import Finding, confirm_verdict, propose_verdict

DECIDED_BY = {"run_off": "The run-off decides", "head_to_head": "The votes between just these decide"}
LATE = 2  # days after the second round opened, the newcomer comes
# The second round's line is a tie where fewer voters than so could turn it: with its few votes it is one, and with the
# many of its run-off none, whatever chance does with either.
DOUBTFUL = 30


def play(stage: Stage, votes: int) -> None:
    """The contest from its first round to its winner."""
    part = votes // 16
    first_round(stage, 4 * part)
    second_round(stage, part, 5 * part)
    third_round(stage, 2 * part)
    final_round(stage, votes - 12 * part)


def first_round(stage: Stage, votes: int) -> None:
    """Five teams: one goes by the votes, one fails at the gate, and an appeal brings it back."""
    entries = entered([one.slug for one in CONTESTANTS])
    entered([REFERENCE.slug])
    contest = stage.announce(entries, days=7, cut_size=1)
    stage.tell(
        f"ROUND 1. Five teams' models: {names_of(slugs_of(contest))}. One is to go. {REFERENCE.name}, a reference, is "
        "measured along with them and cannot go."
    )
    stage.play(contest, votes)
    fail_at_gate(stage, contest, "yeoul")
    stage.publish(contest)
    tell_result(stage, contest)
    stage.hear_appeals(contest)
    appeal(stage, contest, "yeoul")
    stage.finish(contest)
    tell_survivors(stage, contest)


def fail_at_gate(stage: Stage, contest: Round, slug: str) -> None:
    """Two organizers find that an entry may not compete."""
    first, second = stage.organizers
    part = contest.participations.get(entry__slug=slug)
    said = Finding(
        Outcome.FAILED,
        "Its vision encoder is another model's, with frozen weights.",
        "비전 인코더가 다른 모델의 것이고 가중치가 동결되어 있습니다.",
    )
    confirm_verdict(propose_verdict(part, Axis.TECHNICAL, said, by=first), by=second)
    stage.tell(f"  At the gate: {part.entry.name} fails on the technical axis. {said.reason} Two organizers signed it.")


def appeal(stage: Stage, contest: Round, slug: str) -> None:
    """A team appeals, two organizers grant it, and its entry competes again."""
    first, second = stage.organizers
    entry = Entry.objects.get(slug=slug)
    stage.clock.advance(20 * HOUR)
    said = Statement(
        ground="eligibility",
        text="The encoder was trained by us from the first step. Its training log is attached by digest.",
        asks="That the verdict is taken back and our model competes again.",
    )
    filed = file_appeal(contest, entry.team, said, by=owner_of(entry.team))
    stage.clock.advance(20 * HOUR)
    verdict = Verdict(
        outcome="granted",
        effect="reinstate",
        reasons="The log and the digests of its checkpoints show that it was trained from the first step.",
        reasons_ko="학습 기록과 체크포인트 다이제스트로 처음부터 학습했음이 확인되었습니다.",
        entry=slug,
    )
    confirm_ruling(propose_ruling(filed, verdict, by=first), by=second)
    stage.tell(
        f"  {entry.team.name}, whose model {entry.name} is, appeals, and the appeal is granted: {verdict.reasons} "
        f"{entry.name} is back in the contest and takes no place from the others."
    )


def second_round(stage: Stage, votes: int, more: int) -> None:
    """A newcomer, two are to go; the line is a tie, and a run-off settles it."""
    last = Round.objects.latest("number")
    call = called(stage, last)
    contest = stage.announce(survivors(last), days=6, cut_size=2, fewest_voters=DOUBTFUL)
    stage.tell("ROUND 2. Four teams are left; while it begins, a panel admits one more. Two are to go.")
    stage.clock.now = contest.opens_at
    keep_schedule()
    stage.pass_days(contest, LATE, votes // 4)
    admit_newcomer(stage, call)
    contest.refresh_from_db()
    stage.play(contest, votes - votes // 4)
    run_off(stage, contest, more)
    stage.publish(contest)
    tell_result(stage, contest)
    stage.hear_appeals(contest)
    stage.finish(contest)
    tell_survivors(stage, contest)


def called(stage: Stage, after: Round) -> Call:
    """A call for one more team; the team that is out and a new one apply."""
    now = stage.clock.now
    call = make_call(
        after,
        by=stage.organizers[0],
        dates=(now, now + 12 * HOUR, now + 5 * DAY),
        text="One place in round 2, for a model that was made at home and is open.",
        text_ko="국내에서 만든 공개 모델 하나가 2라운드에 들어갈 수 있습니다.",
    )
    stage.clock.advance(HOUR)
    for slug in ("dolmen", entered([NEWCOMER.slug])[0].slug):
        entry = Entry.objects.get(slug=slug)
        apply(
            call,
            team=entry.team,
            entry_slug=slug,
            statement=f"{entry.name} would make the contest closer.",
            by=owner_of(entry.team),
        )
    return call


def admit_newcomer(stage: Stage, call: Call) -> None:
    """A panel of three votes, two organizers sign, and the calendar moves so that the newcomer has equal time."""
    first, second = stage.organizers
    panel = seat_panel(call, [User.objects.create_user(f"panelist-{n}") for n in (1, 2, 3)], by=first)
    for application in call.applications.select_related("entry"):
        new = application.entry.slug == NEWCOMER.slug
        for n, member in enumerate(panel):
            yes = new and n < 2
            cast_panel_vote(
                application,
                by=member.user,
                verdict="yes" if yes else "no",
                reason="It brings something new." if yes else "The votes of round 1 were clear enough.",
                reason_ko="새로운 모델입니다." if yes else "1라운드 투표 결과가 충분히 분명했습니다.",
            )
    asked = propose_outcome(call, by=first, reason="The panel's majority.", reason_ko="심사단 과반의 뜻입니다.")
    outcome = confirm_outcome(asked, by=second)
    stage.tell(
        f"  A wildcard: two teams apply, and two of the panel's three members vote for {NEWCOMER.name}. It comes in "
        f"{outcome.days} days late, so the round ends {outcome.days} days later."
    )


def run_off(stage: Stage, contest: Round, votes: int) -> None:
    """More votes between those whom the line does not separate."""
    found = decide_now(contest)
    assert found.state == "run_off", found.state
    stage.tell(
        f"  {found.votes:,} votes of {found.voters:,} voters leave {names_of(found.open)} tied at the line, and "
        f"{found.places} of them can stay."
    )
    for line in doubts(found.content()):
        stage.tell(f"  {line}")
    stage.tell(f"  Out whatever becomes of them: {names_of(found.goes)}. By the rulebook the tied meet in a run-off.")
    stage.step(contest, RoundState.RUN_OFF, "The line is a tie.", "탈락선이 동률입니다.")
    stage.play(contest.run_offs.get(), votes)


def third_round(stage: Stage, votes: int) -> None:
    contest = following(stage)
    stage.tell("ROUND 3. Three teams, and two places in the final.")
    whole(stage, contest, votes)
    tell_survivors(stage, contest)


def final_round(stage: Stage, votes: int) -> None:
    contest = following(stage)
    stage.tell(f"THE FINAL. {names_of(slugs_of(contest))}.")
    whole(stage, contest, votes)
    stage.tell(f"The winner is {names_of(slugs_of(contest))}.")
    stage.tell("What was decided, how surely and by which votes: /rounds/1/record to /rounds/4/record on the site.")


def following(stage: Stage) -> Round:
    """The next round over those who are left, with a cut of one."""
    return stage.announce(survivors(Round.objects.filter(leg=0).latest("number")), days=5, cut_size=1)


def survivors(contest: Round) -> list[Entry]:
    return [part.entry for part in competing(contest).select_related("entry").order_by("entry__slug")]


def whole(stage: Stage, contest: Round, votes: int) -> None:
    """A round in which nothing else happens."""
    stage.play(contest, votes)
    stage.publish(contest)
    tell_result(stage, contest)
    stage.hear_appeals(contest)
    stage.finish(contest)


def tell_result(stage: Stage, contest: Round) -> None:
    """Who goes, and what decided it."""
    content = content_of(contest)
    shown = content
    for step in content["steps"]:
        tied = "" if step["decided"] else ", which leaves them tied"
        stage.tell(f"  {DECIDED_BY[step['step']]}{tied}:")
        if step["step"] == "run_off":
            shown = content_of(contest.run_offs.get())
    stage.tell(f"  {shown['votes']:,} votes of {shown['voters']:,} voters. Out: {names_of(content['goes'])}.")
    for line in doubts(shown):
        stage.tell(f"  {line}")


def content_of(contest: Round) -> dict[str, Any]:
    decision = in_force(contest)
    assert decision is not None  # its result is published
    return decision.told()


def doubts(content: dict[str, Any]) -> list[str]:
    """How close it was."""
    line = content["line"]
    nearest = min(line["pairs"], key=lambda pair: float(pair["gap"]) - float(pair["needs"] or 0))
    stays, goes = names_of([nearest["stays"]]), names_of([nearest["goes"]])
    told = [f"{stays} is {nearest['gap']:.0f} Elo points ahead of {goes}; more than {nearest['needs']:.0f} are clear."]
    if line["voters"] is not None:
        who = "1 voter" if line["voters"] == 1 else f"{line['voters']} voters"
        told.append(f"Had {who} stayed away, somebody else would be below the line; no smaller number was found.")
    return told


def tell_survivors(stage: Stage, contest: Round) -> None:
    stage.tell(f"  The result is final; two organizers signed it. Left: {names_of(slugs_of(contest))}.")


def slugs_of(contest: Round) -> list[str]:
    """Who has stayed."""
    return list(competing(contest).order_by("entry__slug").values_list("entry__slug", flat=True))


def names_of(slugs: Any) -> str:
    found = dict(Entry.objects.filter(slug__in=list(slugs)).values_list("slug", "name"))
    *others, last = [found[slug] for slug in sorted(slugs)]
    return f"{', '.join(others)} and {last}" if others else last
