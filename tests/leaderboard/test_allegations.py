"""Allegations: raised in public, answered by the entry's team, settled for a reason, hidden for thirty days at most."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from accounts.models import Action, Membership, Team, User
from inference.models import Entry
from leaderboard.allegations import (
    CannotAllege,
    Words,
    hidden_until,
    hide,
    raise_allegation,
    rebut,
    settle,
    show,
    state_of,
)
from leaderboard.evidence import NoEvidence, read_evidence, written
from leaderboard.models import Allegation, AllegationState, Axis, Hiding, Rebuttal, Source

S = AllegationState
DIGEST = "ab" * 32


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def person(name, *, team=None, staff=False):
    made = User.objects.create(username=name, email=f"{name}@example.org", is_staff=staff)
    if team:
        Membership.objects.create(team=Team.objects.get(slug=team), user=made)
    return made


@pytest.fixture
def ahn(contest):
    return person("ahn", staff=True)


@pytest.fixture
def raised(contest, ahn):
    alder = Entry.objects.get(slug="alder")
    said = Words("Its encoders are another model's.", "인코더가 다른 모델의 것입니다.")
    return raise_allegation(alder, Axis.TECHNICAL, said, source=Source.PUBLIC, by=ahn)


def test_a_member_of_another_team_alleges_with_evidence_and_withdraws_it(contest, ahn):
    alder, birch = Entry.objects.get(slug="alder"), Team.objects.get(slug="team-birch")
    bo = person("bo", team="team-birch")
    evidence = read_evidence(f"https://example.org/report.pdf {DIGEST.upper()}\n\nhttps://example.org/b")
    said = Words("Its weights\r\nare ours.", evidence=evidence)
    made = raise_allegation(alder, Axis.POLICY, said, source=Source.TEAM, by=bo, team=birch)
    assert (made.text, made.evidence[0]["digest"], made.evidence[1]["digest"]) == ("Its weights\nare ours.", DIGEST, "")
    assert (made.round, state_of(made)) == (contest, S.OPEN)
    with pytest.raises(CannotAllege, match="ahn is not in this team"):
        settle(made, S.WITHDRAWN, by=ahn, reason="It is theirs to say.")
    settle(made, S.WITHDRAWN, by=bo, reason="We were wrong.")
    assert state_of(made) == S.WITHDRAWN
    with pytest.raises(CannotAllege, match="it is withdrawn, and cannot become open"):
        settle(made, S.OPEN, by=ahn, reason="Still.")
    assert list(Action.objects.filter(subject="entry alder").order_by("id").values_list("action", "subject")) == [
        ("allegation.raised", "entry alder"), ("allegation.settled", "entry alder"),
    ]  # fmt: skip


def test_nobody_alleges_for_a_team_they_are_not_in_or_against_their_own(contest):
    alder, team = Entry.objects.get(slug="alder"), Team.objects.get(slug="team-alder")
    al, nobody = person("al", team="team-alder"), person("mallory")
    said = Words("It cheats.")
    for by, whose, words in (
        (al, team, "nothing against its own model"),
        (al, Team.objects.get(slug="team-birch"), "al is not in this team"),
        (nobody, None, "mallory is not in this team"),
    ):
        with pytest.raises(CannotAllege, match=words):
            raise_allegation(alder, Axis.ETHICAL, said, source=Source.TEAM, by=by, team=whose)
    with pytest.raises(CannotAllege, match="mallory is no organizer"):
        raise_allegation(alder, Axis.ETHICAL, said, source=Source.ORGANIZER, by=nobody)
    assert not Allegation.objects.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [("  \n", "it says nothing"), ("x" * 4001, "at most 4000"), ("a\0b", "cannot be shown"), ("\u202e", "cannot be")],
)
def test_what_cannot_be_published_is_refused_with_words(contest, ahn, text, words):
    with pytest.raises(CannotAllege, match=words):
        raise_allegation(Entry.objects.get(slug="alder"), Axis.ETHICAL, Words(text), source=Source.ORGANIZER, by=ahn)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("javascript:alert(1)", "begins with an address on the web"),
        ("report.pdf", "begins with an address on the web"),
        ("https://example.org/a b c", "64 hexadecimal digits, or nothing"),
        ("https://example.org/a " + "g" * 64, "64 hexadecimal digits, or nothing"),
        ("https://example.org/" + "x" * 500, "at most 500 characters"),
        ("https://example.org/\0", "begins with an address"),
        ("\n".join(["https://example.org/a"] * 11), "at most 10 pieces"),
    ],
)
def test_evidence_is_addresses_on_the_web_with_digests(line, words):
    with pytest.raises(NoEvidence, match=words):
        read_evidence(line)
    good = f"https://example.org/a {DIGEST}\nhttp://example.org/b"
    assert written(read_evidence(good)) == good


def test_the_entrys_team_answers_while_it_is_open_and_nobody_else(raised, ahn):
    al, bo = person("al", team="team-alder"), person("bo", team="team-birch")
    for stranger in (bo, ahn):
        with pytest.raises(CannotAllege, match="not in this team"):
            rebut(raised, Words("No."), by=stranger)
    for n in range(5):
        rebut(raised, Words(f"No, and here is why: {n}."), by=al)
    with pytest.raises(CannotAllege, match="answered it 5 times"):
        rebut(raised, Words("And again."), by=al)
    settle(raised, S.DISMISSED, by=ahn, reason="The logs show otherwise.")
    with pytest.raises(CannotAllege, match="it is dismissed, and no longer open"):
        rebut(raised, Words("Thank you."), by=al)
    assert Rebuttal.objects.count() == 5


def test_an_allegation_is_settled_for_a_reason_by_organizers_and_can_be_opened_again(raised, ahn):
    al = person("al", team="team-alder")
    with pytest.raises(CannotAllege, match="al is no organizer"):
        settle(raised, S.DISMISSED, by=al, reason="We say so.")
    with pytest.raises(CannotAllege, match="it needs a reason"):
        settle(raised, S.UPHELD, by=ahn, reason=" ")
    settle(raised, S.UPHELD, by=ahn, reason="The weights are the same.", reason_ko="가중치가 같습니다.")
    with pytest.raises(CannotAllege, match="it is upheld, and cannot become dismissed"):
        settle(raised, S.DISMISSED, by=ahn, reason="On second thought.")
    settle(raised, S.OPEN, by=ahn, reason="New logs came in.")
    again = Allegation.objects.get()
    assert [(one.number, one.before, one.after) for one in again.changes.all()] == [
        (1, "open", "upheld"), (2, "upheld", "open"),
    ]  # fmt: skip


def test_a_rights_notice_hides_it_once_for_thirty_days_at_most(raised, ahn):
    for days in (0, 31, -1):
        with pytest.raises(CannotAllege, match="1 to 30 days"):
            hide(raised, days=days, by=ahn, reason="A rights notice.")
    made = hide(raised, days=30, by=ahn, reason="A rights notice.")
    until = hidden_until(raised)
    assert abs(until - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)
    with pytest.raises(CannotAllege, match="has been hidden once"):
        hide(raised, days=1, by=ahn, reason="Another notice.")
    assert hidden_until(raised) == until
    show(raised, by=ahn, reason="The notice was withdrawn.")
    assert hidden_until(raised) is None
    for again, words in (
        (lambda: show(raised, by=ahn, reason="Again."), "it is not hidden"),
        (lambda: hide(raised, days=30, by=ahn, reason="A third one."), "has been hidden once"),
    ):
        with pytest.raises(CannotAllege, match=words):
            again()
    with pytest.raises(IntegrityError, match=r"hiding_has_its_end|CHECK"), transaction.atomic():
        Hiding.objects.create(allegation=raised, days=31, reason="For good.", by=ahn)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Hiding.objects.filter(pk=made.pk).update(days=29)


def test_what_was_said_is_never_changed(raised, ahn):
    rebut(raised, Words("No."), by=person("al", team="team-alder"))
    settle(raised, S.UPHELD, by=ahn, reason="So it is.")
    for rows, change in (
        (Allegation.objects, {"text": "Nothing."}),
        (Rebuttal.objects, {"text": "Yes."}),
        (raised.changes, {"after": "dismissed"}),
    ):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            rows.update(**change)
