"""A wildcard: called for, applied for, voted on by a panel, signed by two; then equal time, and votes of its own."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone, translation

from accounts.models import Action, Membership, User
from inference.draining import in_service
from inference.models import Worker
from leaderboard.boards import board
from leaderboard.calls import CannotCall, Stage, apply, make_call, outcome_of, stage, withdraw_application
from leaderboard.drafts import CannotOpen, change_draft, draft_round
from leaderboard.field import competing
from leaderboard.models import (
    Actor,
    Application,
    Call,
    CallOutcome,
    Panelist,
    PanelVote,
    Participation,
    Round,
    RoundState,
    Withdrawal,
)
from leaderboard.needs import needs
from leaderboard.panels import (
    by_the_votes,
    cast_panel_vote,
    confirm_outcome,
    counts,
    propose_outcome,
    ready,
    replace_panelist,
    seat_panel,
    withdraw_outcome,
)
from leaderboard.public_log import as_told, page
from leaderboard.rounds import open_following_round
from leaderboard.states import begin, move
from tests.leaderboard.test_consequences import by_two, cut, finish, in_english, two  # noqa: F401  fixtures
from tests.leaderboard.test_participations import enter, part

DAY = timedelta(days=1)
SLUGS = ("alder", "birch", "cedar", "dogwood")


@pytest.fixture
def final(contest, two):  # noqa: F811
    """A final first round of which Dogwood went out."""
    cut(contest, *SLUGS)
    finish(contest, two)
    return contest


@pytest.fixture
def ahn(two):  # noqa: F811
    return two[0]


def somebody(name, team=None):
    user = User.objects.create_user(name, f"{name}@example.org")
    if team:
        Membership.objects.create(team=team, user=user)
    return user


def called(final, ahn, **options):
    now = timezone.now()
    dates = (now - DAY, now + DAY, now + 3 * DAY)
    return make_call(final, **({"by": ahn, "dates": dates, "text": "One more may come in."} | options))


def pass_to(call, stage_wanted):
    """Time passes for a call, though nobody may change it: its dates move under it."""
    days = {Stage.CLOSED: 2, Stage.VOTING: 2, Stage.OVER: 4}[stage_wanted] * DAY
    with triggers_off():
        Call.objects.filter(pk=call.pk).update(
            opens_at=call.opens_at - days, closes_at=call.closes_at - days, decides_at=call.decides_at - days
        )
    call.refresh_from_db()


class triggers_off:  # noqa: N801  reads as what it does
    """What keeps calls as they were said is away for a moment."""

    def __enter__(self):
        rows = import_module("leaderboard.migrations.0019_calls").CALLS[0]
        with connection.schema_editor() as editor:
            rows.let_go(None, editor)
        self.rows = rows

    def __exit__(self, *wrong):
        with connection.schema_editor() as editor:
            self.rows.keep(None, editor)


def applied(call, slug="dogwood", **options):
    entry = options.pop("entry", None) or part(slug).entry
    member = somebody(f"of-{entry.slug}", entry.team)
    return apply(call, **({"team": entry.team, "entry_slug": entry.slug, "statement": "We mended it.", "by": member} | options))  # fmt: skip  # noqa: E501


def judged(call, ahn, *verdicts, panel=3):
    """A panel that votes so on each application in turn."""
    pass_to(call, Stage.VOTING)
    users = [somebody(f"judge-{n}") for n in range(panel)]
    seat_panel(call, users, by=ahn)
    for application, said in zip(call.applications.all(), verdicts, strict=True):
        for user, verdict in zip(users, said, strict=False):
            cast_panel_vote(application, by=user, verdict=verdict, reason=f"I say {verdict}.")


def decide(call, two):  # noqa: F811
    ahn, bae = two
    return confirm_outcome(propose_outcome(call, by=ahn, reason="As the panel voted."), by=bae)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"places": 0}, "a call has a place to give"),
        ({"text": " \n "}, "it does not say whom it calls"),
        ({"text": "One\0more"}, "a character that cannot be shown"),
        ({"text": "x" * 4001}, "at most 4000 characters"),
        ({"dates": (0, -1, 1)}, "it opens first, then it closes"),
        ({"dates": (-3, -2, 1)}, "its time to apply has passed"),
    ],
)
def test_a_call_that_cannot_be_is_refused(final, ahn, changes, words):
    if "dates" in changes:
        changes = {"dates": tuple(timezone.now() + n * DAY for n in changes["dates"])}
    with pytest.raises(CannotCall, match=words):
        called(final, ahn, **changes)
    assert not Call.objects.exists()


def test_a_call_follows_a_final_round_and_there_is_one_at_a_time(contest, final, ahn):
    called(final, ahn)
    with pytest.raises(CannotCall, match="not decided yet"):
        called(final, ahn)
    with pytest.raises(CannotCall, match="eve is no organizer"):
        called(final, somebody("eve"))
    Round.objects.filter(pk=final.pk).update(state="appeal")
    with pytest.raises(CannotCall, match="whose result is final"):
        called(final, ahn)


def test_members_of_a_team_that_is_out_apply_once_and_in_time(final, ahn, worker):
    call = called(final, ahn)
    dogwood = part("dogwood").entry
    with pytest.raises(CannotCall, match="only members of a team"):
        apply(call, team=dogwood.team, entry_slug="dogwood", statement="Please.", by=somebody("eve"))
    member = somebody("dora", dogwood.team)
    for statement, words in ((" ", "say why"), ("a\0b", "cannot be shown"), ("x" * 4001, "at most 4000")):
        with pytest.raises(CannotCall, match=words):
            apply(call, team=dogwood.team, entry_slug="dogwood", statement=statement, by=member)
    with pytest.raises(CannotCall, match="no such model"):
        apply(call, team=dogwood.team, entry_slug="alder", statement="Please.", by=member)
    with pytest.raises(CannotCall, match="no such model"):
        applied(call, "alder")  # which goes on anyway
    apply(call, team=dogwood.team, entry_slug="dogwood", statement="We mended it.", by=member)
    with pytest.raises(CannotCall, match="applied already"):
        apply(call, team=dogwood.team, entry_slug="dogwood", statement="Again.", by=member)
    applied(call, entry=enter("elm", worker))
    pass_to(call, Stage.CLOSED)
    fir = enter("fir", worker)
    with pytest.raises(CannotCall, match="while the call is open"):
        applied(call, entry=fir)
    # And whatever the code may say, the database's clock says the same.
    with pytest.raises(DatabaseError, match="from when a call opens"), transaction.atomic():
        Application.objects.create(call=call, team=fir.team, entry=fir, statement="Late.", by=ahn)
    assert [one.entry.slug for one in call.applications.all()] == ["dogwood", "elm"]


def test_nobody_of_an_applying_team_sits_on_the_panel(final, ahn):
    call = called(final, ahn)
    application = applied(call)
    users = [somebody(name) for name in ("cho", "han", "kim")]
    with pytest.raises(CannotCall, match="between the end of the applications"):
        seat_panel(call, users, by=ahn)
    pass_to(call, Stage.VOTING)
    partial = User.objects.get(username="of-dogwood")
    for panel, words in (
        ([*users, partial], "of-dogwood belongs to Team Dogwood, which applies"),
        (users[:2], "at least 3 members"),
        ([users[0]] * 3, "each named once"),
    ):
        with pytest.raises(CannotCall, match=words):
            seat_panel(call, panel, by=ahn)
    assert not Panelist.objects.exists()
    seat_panel(call, users, by=ahn)
    # Who joins the team afterwards does not vote either.
    Membership.objects.create(team=application.team, user=users[0])
    with pytest.raises(CannotCall, match="cho belongs to Team Dogwood"):
        cast_panel_vote(application, by=users[0], verdict="yes", reason="It is good.")


def test_each_of_the_panel_votes_once_with_a_reason(final, ahn):
    call = called(final, ahn)
    application = applied(call)
    judged(call, ahn, ["yes"])
    first, second = User.objects.get(username="judge-0"), User.objects.get(username="judge-1")
    for who, verdict, reason, words in (
        (first, "no", "I thought again.", "a vote is not changed"),
        (second, "maybe", "Hm.", "yes, no or abstain"),
        (second, "yes", " ", "needs a reason"),
        (second, "yes", "a\0b", "one line"),
        (ahn, "yes", "I am an organizer.", "not on the panel"),
    ):
        with pytest.raises(CannotCall, match=words):
            cast_panel_vote(application, by=who, verdict=verdict, reason=reason)
    assert [(vote.verdict, vote.reason) for vote in PanelVote.objects.all()] == [("yes", "I say yes.")]
    with pytest.raises(CannotCall, match="has not voted on everything"):
        propose_outcome(call, by=ahn, reason="Enough.")


@pytest.mark.parametrize(
    ("panel", "said", "admitted"),
    [
        (3, ["yes", "yes", "no"], True),
        (3, ["yes", "abstain", "abstain"], False),  # more yes than no, and no majority of the panel
        (4, ["yes", "yes", "no", "no"], False),
        (5, ["yes", "yes", "yes"], True),  # two never voted
        (5, ["yes", "yes"], False),
    ],
)
def test_the_majority_is_of_the_whole_panel(final, ahn, panel, said, admitted):
    call = called(final, ahn)
    applied(call)
    judged(call, ahn, said, panel=panel)
    if len(said) < panel:
        assert not ready(call)
        pass_to(call, Stage.OVER)
    assert ready(call)
    assert bool(by_the_votes(call)) == admitted


def test_more_than_the_places_are_ranked_by_yes_then_no_then_time(final, ahn, worker):
    call = called(final, ahn)
    applied(call)
    for slug in ("elm", "fir", "gum"):
        applied(call, entry=enter(slug, worker))
    judged(
        call,
        ahn,
        ["yes", "yes", "no"],
        ["yes", "yes", "abstain"],
        ["yes", "yes", "abstain"],
        ["yes", "no", "no"],
    )
    assert [one.application.entry.slug for one in counts(call)] == ["elm", "fir", "dogwood", "gum"]
    assert [one.entry.slug for one in by_the_votes(call)] == ["elm"]


def test_admitting_no_one_is_an_outcome_that_two_sign(final, ahn, two):  # noqa: F811
    call = called(final, ahn)
    applied(call)
    judged(call, ahn, ["no", "no", "yes"])
    asked = propose_outcome(call, by=ahn, reason="The panel admits no one.")
    with pytest.raises(CannotCall, match="cannot confirm it, too"):
        confirm_outcome(asked, by=ahn)
    assert outcome_of(call) is None
    confirm_outcome(asked, by=two[1])
    assert (outcome_of(call).admitted, outcome_of(call).into, stage(call)) == ([], None, Stage.DECIDED)
    assert not Participation.objects.filter(role="wildcard").exists()
    with pytest.raises(CannotCall, match="decided already"):
        propose_outcome(call, by=ahn, reason="Once more.")
    with pytest.raises(CannotCall, match="decided already"):
        withdraw_application(call, team=part("dogwood").team, by=User.objects.get(username="of-dogwood"))
    made, outcome = (as_told(*page(kind=kind)[0]) for kind in ("call", "call_outcome"))
    assert (made["round"], made["told"]["number"], made["told"]["places"]) == ("1", 1, 1)
    assert (outcome["round"], outcome["told"]) == ("1", {"number": 1, "admitted": []})
    assert outcome["reason"] == "The panel admits no one."


def wanted():
    """What waits for organizers of calls: the kind, and of which call."""
    return [(str(need.kind), need.call.number) for need in needs() if need.call]


def test_a_team_takes_its_application_back_and_organizers_see_what_waits(final, ahn, two, worker, client):  # noqa: F811
    call = called(final, ahn)
    assert wanted() == []
    taken_back, stands = applied(call), applied(call, entry=enter("elm", worker))
    member = taken_back.by
    pass_to(call, Stage.CLOSED)
    assert wanted() == [("call_panel", 1)]
    judges = [somebody(name) for name in ("cho", "han", "kim")]
    seat_panel(call, judges, by=ahn)
    cast_panel_vote(taken_back, by=judges[0], verdict="yes", reason="It is good.")
    for team, by, words in (
        (stands.team, member, "only members of a team"),
        (part("alder").team, somebody("of-alder", part("alder").team), "no application here"),
    ):
        with pytest.raises(CannotCall, match=words):
            withdraw_application(call, team=team, by=by)
    withdraw_application(call, team=taken_back.team, by=member)
    with pytest.raises(CannotCall, match="no application here"):
        withdraw_application(call, team=taken_back.team, by=member)
    with pytest.raises(CannotCall, match="Team Dogwood has withdrawn"):
        cast_panel_vote(taken_back, by=judges[1], verdict="yes", reason="It is good.")
    told = client.get("/api/v1/calls/1").json()
    assert [one["entry"]["slug"] for one in told["applications"]] == ["elm"]
    assert [(one["team"], one["entry"]["slug"]) for one in told["withdrawn"]] == [("Team Dogwood", "dogwood")]
    assert wanted() == []
    for judge in judges:
        cast_panel_vote(stands, by=judge, verdict="no", reason="It is slow.")
    assert wanted() == [("call_outcome", 1)]
    asked = propose_outcome(call, by=ahn, reason="The panel admits no one.")
    assert wanted() == [("call_signature", 1)]
    confirm_outcome(asked, by=two[1])
    assert wanted() == []
    with pytest.raises(DatabaseError), transaction.atomic():
        Withdrawal.objects.update(by=ahn)


def test_one_of_the_panel_is_replaced_until_the_first_vote(final, ahn):
    call = called(final, ahn)
    application = applied(call)
    pass_to(call, Stage.VOTING)
    cho, han, kim, lee = (somebody(name) for name in ("cho", "han", "kim", "lee"))
    seat_panel(call, [cho, han, kim], by=ahn)
    for leaves, comes, reason, words in (
        (lee, cho, "She is ill.", "lee is not on the panel"),
        (cho, han, "She is ill.", "han is or was on the panel"),
        (cho, application.by, "She is ill.", "of-dogwood belongs to Team Dogwood"),
        (cho, lee, " ", "needs a reason"),
    ):
        with pytest.raises(CannotCall, match=words):
            replace_panelist(call, leaves=leaves, comes=comes, by=ahn, reason=reason)
    replace_panelist(call, leaves=cho, comes=lee, by=ahn, reason="She is ill.")
    done = Action.objects.get(action="call.panelist_replaced")
    assert (done.actor, done.details["who"], done.details["comes"], done.details["reason"]) == (
        ahn, "cho", "lee", "She is ill.",
    )  # fmt: skip
    with pytest.raises(CannotCall, match="not on the panel"):
        cast_panel_vote(application, by=cho, verdict="yes", reason="I am well again.")
    cast_panel_vote(application, by=lee, verdict="yes", reason="It is good.")
    assert (counts(call)[0].yes, counts(call)[0].missing) == (1, 2)
    with pytest.raises(CannotCall, match="has begun to vote"):
        replace_panelist(call, leaves=han, comes=somebody("moon"), by=ahn, reason="He is away.")


def test_who_is_admitted_into_an_open_round_has_equal_time_and_is_provisional(final, ahn, two, client):  # noqa: F811
    call = called(final, ahn)
    applied(call)
    judged(call, ahn, ["yes", "yes", "no"])
    with pytest.raises(CannotCall, match="no next round"):
        propose_outcome(call, by=ahn, reason="As the panel voted.")
    second = open_following_round(final)
    Round.objects.filter(pk=second.pk).update(opens_at=second.opens_at - 5 * DAY + timedelta(hours=3))
    before = second.ends_at
    outcome = decide(call, two)
    second.refresh_from_db()
    assert (outcome.days, second.ends_at - before) == (5, 5 * DAY)
    moved = second.transitions.last()
    assert (moved.from_state, moved.to_state, moved.by) == ("open", "open", ahn)
    assert moved.reason == "Equal time for who was admitted by call 1: it came 5 days after the round opened."
    newcomer = Participation.objects.get(round=second, role="wildcard")
    assert (newcomer.entry.slug, newcomer.state) == ("dogwood", "competing")
    row = {row["slug"]: row for row in board("round-2")["standings"]}["dogwood"]
    assert (row["status"], row["votes"]) == ("provisional", 0)
    # What it did before stays where it was, and its servers are back.
    assert {row["slug"]: row["votes"] for row in board("round-1")["standings"]}["dogwood"] == 20
    assert in_service(Worker.objects.filter(entry__slug="dogwood")).exists()


def test_who_is_admitted_before_the_round_opens_begins_with_everybody(final, ahn, two):  # noqa: F811
    call = called(final, ahn)
    applied(call)
    judged(call, ahn, ["yes", "yes", "yes"])
    now = timezone.now()
    survivors = [one.entry for one in competing(final).select_related("entry")]
    second = draft_round(survivors, opens_at=now + DAY, ends_at=now + 9 * DAY)
    begin(second, by=Actor.COMMAND, reason="The next one.")
    outcome = decide(call, two)
    assert (outcome.days, outcome.into) == (0, second)
    with pytest.raises(CannotOpen, match="dogwood was admitted to this round"):
        change_draft(second, entries=survivors)
    change_draft(second, entries=[*survivors, part_in(second, "dogwood").entry])
    for to in (RoundState.SCHEDULED, RoundState.OPEN):
        move(second, to, by=Actor.COMMAND, reason="As agreed.")
    assert [(one.before, one.after, one.reason) for one in part_in(second, "dogwood").changes.all()] == [
        ("", "competing", "Admitted by call 1.")
    ]
    assert part_in(second, "dogwood").role == "wildcard"
    assert {row["slug"] for row in board("round-2")["standings"]} == set(SLUGS)


def part_in(contest, slug):
    return Participation.objects.get(round=contest, entry__slug=slug)


def test_what_has_changed_since_it_was_asked_for_is_not_confirmed(final, ahn, two):  # noqa: F811
    call = called(final, ahn)
    applied(call)
    judged(call, ahn, ["yes", "yes", "yes"])
    second = open_following_round(final)
    asked = propose_outcome(call, by=ahn, reason="As the panel voted.")
    with pytest.raises(CannotCall, match="waits to be confirmed already"):
        propose_outcome(call, by=ahn, reason="Again.")
    Round.objects.filter(pk=second.pk).update(opens_at=second.opens_at - 5 * DAY)
    with pytest.raises(CannotCall, match="things have changed"):
        confirm_outcome(asked, by=two[1])
    assert not Participation.objects.filter(role="wildcard").exists()
    withdraw_outcome(asked, by=two[1])
    assert decide(call, two).days == 6
    assert CallOutcome.objects.count() == 2


def test_what_was_said_in_a_call_is_never_changed(final, ahn, two):  # noqa: F811
    call = called(final, ahn)
    applied(call)
    judged(call, ahn, ["no", "no", "no"])
    decide(call, two)
    for rows, change in (
        (Call.objects, {"text": "Other."}),
        (Application.objects, {"statement": "Other."}),
        (Panelist.objects, {"seated_by": two[1]}),
        (PanelVote.objects, {"verdict": "yes"}),
        (CallOutcome.objects, {"admitted": [1]}),
        (CallOutcome.objects, {"confirmed_by": None, "settled_at": None}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**change)
    actions = [row.action for row in Action.objects.filter(subject="call 1").order_by("id")]
    assert actions == ["call.made", "call.applied", "call.panel_seated", *["call.voted"] * 3, "call.outcome_asked", "call.decided"]  # fmt: skip  # noqa: E501
    with translation.override("ko"):
        assert stage(call) == Stage.DECIDED
