"""The public log: every decision and incident, newest first, in pages that lose and repeat nothing, and no draft."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from inference.models import Entry
from leaderboard.allegations import Words, hide, raise_allegation, settle
from leaderboard.drafts import draft_round
from leaderboard.fold import fold
from leaderboard.incidents import Account, CannotReport, report_incident
from leaderboard.models import (
    Actor,
    AllegationState,
    Axis,
    Board,
    Incident,
    OfficialList,
    Outcome,
    ParticipationState,
    Round,
    RoundState,
    Source,
)
from leaderboard.official import pin_due_lists
from leaderboard.participations import change_participation
from leaderboard.public_log import KINDS, mark_named, page
from leaderboard.rounds import close_round
from leaderboard.signing import confirm_move, propose_move
from leaderboard.states import begin
from leaderboard.verdicts import Finding, give_verdict
from tests.conftest import make_contest
from tests.leaderboard.test_closing import decide
from tests.leaderboard.test_folding import cast
from tests.leaderboard.test_states import go

HOUR = timedelta(hours=1)
PUBLIC = ("incident", "verdict", "hiding", "settlement", "allegation", "participation")
NEVER = "00010101T000000.000000-verdict-1"


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def ahn(transactional_db):
    return User.objects.create(username="ahn", email="ahn@example.org", is_staff=True)


def log(status=200, **asked):
    answer = Client().get("/api/v1/log", asked)
    assert answer.status_code == status, answer.content
    return answer.json()


def happened(hours=2, **told):
    now = timezone.now()
    return Account("Nobody could vote.", now - hours * HOUR, now - HOUR, what_ko="투표가 되지 않았습니다.", **told)


def everything(contest, ahn):
    """Something of every kind but votes that are set aside."""
    alder = Entry.objects.get(slug="alder")
    decide(contest)
    change_participation(
        contest.participations.get(entry__slug="birch"), ParticipationState.SUSPENDED, reason="It answers nobody."
    )
    raised = raise_allegation(alder, Axis.POLICY, Words("It was late."), source=Source.PUBLIC, by=ahn)
    settle(raised, AllegationState.DISMISSED, by=ahn, reason="It was not.")
    hide(raised, days=3, by=ahn, reason="A rights notice.")
    give_verdict(
        contest.participations.get(entry=alder), Axis.POLICY, Finding(Outcome.PASSED, "It came in time."), by=ahn
    )
    report_incident(happened(done="The worker was replaced."), by=ahn, contest=contest)


def test_every_kind_is_in_one_list_newest_first_with_who_and_why(contest, ahn):
    everything(contest, ahn)
    go(contest, RoundState.CLOSED, reason="As announced.")
    lines = log()["lines"]
    assert Counter(line["kind"] for line in lines) == Counter({"transition": 4} | dict.fromkeys(PUBLIC, 1))
    assert [line["at"] for line in lines] == sorted((line["at"] for line in lines), reverse=True)
    assert (lines[0]["reason"], lines[0]["told"]["to"]) == ("As announced.", "closed")
    assert lines[0]["told"]["signed_by_two"] is False
    incident, verdict, hidden, settled, raised, suspended = (
        next(line for line in lines if line["kind"] == kind) for kind in PUBLIC
    )
    assert (incident["told"]["done"], incident["round"]) == ("The worker was replaced.", "1")
    assert (verdict["entry"]["slug"], verdict["told"]["outcome"]) == ("alder", "passed")
    assert (hidden["told"]["days"], settled["told"]["to"], raised["told"]["hidden"]) == (3, "dismissed", True)
    assert (suspended["told"]["to"], suspended["reason"]) == ("suspended", "It answers nobody.")
    assert "It was late." not in str(lines)


def test_it_is_filtered_by_kind_and_by_round(contest, ahn):
    everything(contest, ahn)
    report_incident(happened(), by=ahn)
    assert [line["kind"] for line in log(kind="verdict")["lines"]] == ["verdict"]
    assert [line["round"] for line in log(kind="incident")["lines"]] == [None, "1"]
    assert [line["round"] for line in log(kind="incident", round="1")["lines"]] == ["1"]
    assert log(404, round="7")["code"] == "no_such_round"
    assert log(400, kind="gossip")["code"] == "unknown_kind"
    for wrong in (
        {"before": "yesterday"},
        {"limit": "0"},
        {"limit": "201"},
        {"before": NEVER},
    ):
        assert log(400, **wrong)["code"] == "bad_request"
    assert log(404, round="\0")["code"] == "no_such_round"


@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_its_pages_lose_and_repeat_nothing_also_where_much_happens_at_once(contest, ahn, most):
    everything(contest, ahn)
    with transaction.atomic():  # at one moment, where the database tells the moment
        for _ in range(9):
            report_incident(happened(), by=ahn, contest=contest)
    whole = [line.mark for line in page()[0]]
    found, before = [], None
    while True:
        lines, before = page(before=before, most=most)
        found += [line.mark for line in lines]
        if before is None:
            break
        before = mark_named(str(before))
    assert found == whole
    assert len(set(found)) == len(found) > 15


def test_nothing_is_told_of_a_draft(contest, ahn):
    begin(
        draft_round(list(Entry.objects.all()), opens_at=timezone.now() + HOUR, ends_at=timezone.now() + 9 * HOUR),
        by=Actor.COMMAND,
        reason="A secret plan.",
    )
    with pytest.raises(CannotReport, match="a draft"):
        report_incident(happened(), by=ahn, contest=Round.objects.get(number=2))
    assert "A secret plan." not in str(log())
    assert log(404, round="2")["code"] == "no_such_round"


def test_votes_that_are_set_aside_are_told_by_the_day_and_no_day_behind_a_frozen_board(worker, ahn):
    contest = make_contest(worker, 3, freeze_hours=24)
    day = timedelta(days=1)
    Board.objects.update(created_at=timezone.now() - 3 * day)
    cast(contest, "alder", "birch", "a")
    cast(contest, "alder", "birch", "a", counted=False)
    fold(contest)
    Board.objects.filter(number=2).update(created_at=timezone.now() - 2 * day)
    pin_due_lists(timezone.now())
    told = [line["told"] for line in log(kind="set_aside")["lines"]]
    assert told == [{"votes": 1, "in_all": 1}]
    go(contest, RoundState.FROZEN)
    frozen = contest.series.boards.latest("number")
    Board.objects.filter(pk=frozen.pk).update(created_at=timezone.now() - day)
    for _ in range(3):
        cast(contest, "alder", "birch", "a", counted=False)
    fold(contest)
    OfficialList.objects.filter(date__gte=timezone.localdate()).delete()
    last = contest.series.boards.latest("number")
    OfficialList.objects.create(
        series=contest.series, date=timezone.localdate(), board=frozen, votes=last.votes, position=last.position
    )
    assert [line["told"] for line in log(kind="set_aside")["lines"]] == told
    bae = User.objects.create(username="bae", email="bae@example.org", is_staff=True)
    confirm_move(propose_move(contest, RoundState.ANNULLED, by=ahn, reason="It was a rehearsal."), by=bae)
    assert [line["told"]["votes"] for line in log(kind="set_aside")["lines"]] == [3, 1]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (lambda now: Account(" ", now), "does not say what happened"),
        (lambda now: Account("x" * 4001, now), "at most 4000"),
        (lambda now: Account("A \0.", now), "cannot be shown"),
        (lambda now: Account("Soon.", now + HOUR), "yet to come"),
        (lambda now: Account("Soon over.", now, now + HOUR), "yet to come"),
        (lambda now: Account("Odd.", now - HOUR, now - 2 * HOUR), "ended before it began"),
    ],
)
def test_an_incident_that_cannot_have_been_is_refused(ahn, told, words):
    with pytest.raises(CannotReport, match=words):
        report_incident(told(timezone.now()), by=ahn)
    assert not Incident.objects.exists()


def test_an_incident_is_told_by_an_organizer_and_never_changed(ahn):
    stranger = User.objects.create(username="mallory", email="m@example.org")
    with pytest.raises(CannotReport, match="mallory is no organizer"):
        report_incident(happened(), by=stranger)
    report_incident(happened(), by=ahn)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Incident.objects.update(what="Nothing.")


def test_its_page_tells_it_in_both_languages(contest, ahn):
    everything(contest, ahn)
    for language, words in (("en", "Nobody could vote."), ("ko", "투표가 되지 않았습니다.")):
        html = Client().get("/log", headers={"Accept-Language": language}).content.decode()
        assert words in html
        assert "It was late." not in html
        for kind in set(KINDS) - {
            "set_aside",
            "amendment",
            "ruling",
            "decision",
            "beacon",
            "beacon_value",
            "call",
            "call_outcome",
        }:
            assert f'data-line="{kind}"' in html, kind
    assert Client().get("/log?kind=verdict&round=1").content.decode().count("data-line=") == 1
    for wrong in ("kind=gossip", "round=7", "round=%00", "before=x", "before=20261124T000000.000000-verdict-\u00b2"):
        assert Client().get(f"/log?{wrong}").status_code == 404, wrong


def test_a_published_decision_names_who_is_out(contest):
    decide(contest)
    close_round(contest)
    (line,) = log(kind="decision")["lines"]
    assert (line["told"]["edition"], line["told"]["cause"], line["told"]["goes"]) == (1, "published", ["dogwood"])
    html = Client().get("/log?kind=decision", headers={"Accept-Language": "en"}).content.decode()
    assert '<a href="/rounds/1/cut">Dogwood out</a>' in html
