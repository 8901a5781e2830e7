"""Two organizers rule on an appeal: proposed by one, confirmed by another, and carried out at once and on record."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone, translation

from accounts.models import Action, Membership, Team
from leaderboard.appeals.filing import withdraw_appeal
from leaderboard.appeals.refusals import CannotRule
from leaderboard.appeals.ruling import Verdict, confirm_ruling, dissent, propose_ruling, withdraw_ruling
from leaderboard.appeals.waiting import carried_out_by, reinstated, waiting_appeals
from leaderboard.boards import board
from leaderboard.cut.decisions import in_force
from leaderboard.entering import CannotMove
from leaderboard.models import Actor, Board, Decision, Dissent, Participation, Round, RoundState, Ruling
from leaderboard.needs import needs
from leaderboard.participations import changes_of
from leaderboard.signing import confirm_move, propose_move
from leaderboard.states import move
from tests.leaderboard.test_appeals import appeal, organizer, over, published

S = RoundState
GRANTED = Verdict("granted", "reinstate", "The count missed an hour.", "한 시간이 빠졌습니다.")
DISMISSED = Verdict("dismissed", "none", "All votes are counted.")


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def appealed(contest):
    return published(contest)


@pytest.fixture
def made(appealed):
    return appeal(appealed)


@pytest.fixture
def panel(transactional_db):
    return [organizer(name) for name in ("ahn", "bae", "cha")]


def rule(made, panel, verdict=DISMISSED):
    return confirm_ruling(propose_ruling(made, verdict, by=panel[0]), by=panel[1])


def states():
    return dict(Participation.objects.values_list("entry__slug", "state"))


def statuses():
    return {row["slug"]: row["status"] for row in board("round-1")["standings"]}


def test_what_is_proposed_does_nothing_until_another_one_confirms_it(made, panel):
    ruling = propose_ruling(made, GRANTED, by=panel[0])
    assert states()["dogwood"] == "eliminated"
    with pytest.raises(CannotRule, match="cannot confirm it, too"):
        confirm_ruling(ruling, by=panel[0])
    with pytest.raises(CannotRule, match="a ruling on it waits to be confirmed"):
        propose_ruling(made, DISMISSED, by=panel[2])
    confirm_ruling(ruling, by=panel[1])
    made.refresh_from_db()
    assert (made.waits, made.withdrawn_by) == (False, None)
    assert not waiting_appeals(made.round)
    assert [row.action for row in Action.objects.filter(action__startswith="ruling").order_by("id")] == [
        "ruling.proposed",
        "ruling.confirmed",
    ]


def test_a_reinstated_model_stays_and_nobody_goes_in_its_place(made, panel):
    before = Board.objects.count()
    assert statuses()["dogwood"] == "eliminated"
    first = in_force(made.round)
    ruling = rule(made, panel, GRANTED)
    amended = in_force(made.round)
    assert (amended.edition, amended.cause, amended.ruling) == (2, "ruling", ruling)
    assert json.loads(amended.content)["kept"] == ["dogwood"]
    assert Decision.objects.get(edition=1).content == first.content
    assert set(states().values()) == {"competing"}
    assert "eliminated" not in statuses().values()
    assert Board.objects.count() > before
    last = changes_of(Participation.objects.get(entry__slug="dogwood").entry, "round-1").last()
    assert (last.after, last.by) == ("competing", panel[1])
    assert last.reason == "Reinstated by the ruling on appeal 1 of Team Dogwood."
    assert list(reinstated(made.round)) == ["dogwood"]


def test_another_one_goes_in_its_place_where_the_ruling_says_so(made, panel):
    rule(made, panel, Verdict("granted", "reinstate", "So.", in_its_place=True))
    assert states() == {"alder": "competing", "birch": "competing", "cedar": "eliminated", "dogwood": "competing"}
    assert statuses()["cedar"] == "eliminated"
    last = changes_of(Participation.objects.get(entry__slug="cedar").entry, "round-1").last()
    assert last.reason == "Decided anew by the ruling on appeal 1 of Team Dogwood."


def test_a_disqualified_model_comes_back_and_who_was_cut_stays_out(contest, panel):
    Participation.objects.filter(entry__slug="birch").update(state="disqualified")
    published(contest)
    assert (states()["birch"], states()["dogwood"]) == ("disqualified", "eliminated")
    rule(appeal(contest, "birch", ground="eligibility"), panel, GRANTED)
    assert (states()["birch"], states()["dogwood"]) == ("competing", "eliminated")
    assert statuses()["birch"] != "disqualified"


def test_computed_anew_over_the_same_votes_the_result_is_the_same(made, panel):
    before, steps = states(), Board.objects.count()
    rule(made, panel, Verdict("partly", "recompute", "The hour was counted already."))
    assert states() == before
    assert Board.objects.count() > steps
    first, second = (json.loads(one.content) for one in Decision.objects.order_by("edition"))
    assert first == second
    assert not changes_of(Participation.objects.get(entry__slug="alder").entry, "round-1")


def test_a_reinstatement_outlives_a_later_ruling(made, panel):
    rule(made, panel, GRANTED)
    rule(appeal(made.round, "alder"), panel, Verdict("granted", "recompute", "Once more."))
    assert set(states().values()) == {"competing"}


def test_a_re_run_is_carried_out_by_the_next_step_and_until_then_nothing_is_final(made, panel):
    ruling = rule(made, panel, Verdict("granted", "re_run", "The arena was away."))
    contest = made.round
    over(contest)
    assert [need.kind for need in needs() if need.round] == ["re_run"]
    asked = propose_move(contest, S.FINAL, by=panel[0], reason="As agreed.")
    with pytest.raises(CannotMove, match="the ruling on appeal 1 wants votes to come in again"):
        confirm_move(asked, by=panel[1])
    assert carried_out_by(ruling) is None
    ends_at = timezone.now() + timedelta(days=2)
    step = move(contest, S.OPEN, by=Actor.COMMAND, reason="By the ruling.", ends_at=ends_at)
    assert carried_out_by(ruling) == step


def test_a_reinstatement_ends_with_the_result_it_was_made_against(made, panel):
    rule(made, panel, GRANTED)
    move(made.round, S.OPEN, by=Actor.COMMAND, reason="Again.", ends_at=timezone.now() + timedelta(days=2))
    assert reinstated(made.round) == {}


def test_nobody_judges_in_their_own_cause(made, panel):
    Membership.objects.create(team=made.team, user=panel[0])
    Membership.objects.create(team=Team.objects.get(slug="team-birch"), user=panel[1])
    with pytest.raises(CannotRule, match="ahn is a member of Team Dogwood, which takes part in this round"):
        propose_ruling(made, GRANTED, by=panel[0])
    ruling = propose_ruling(made, GRANTED, by=panel[2])
    with pytest.raises(CannotRule, match="bae is a member of Team Birch"):
        confirm_ruling(ruling, by=panel[1])
    with pytest.raises(CannotRule, match="bae is a member of Team Birch"):
        dissent(ruling, by=panel[1], words="No.")
    Membership.objects.create(team=made.team, user=panel[2])
    with pytest.raises(CannotRule, match="cha is a member of Team Dogwood"):
        confirm_ruling(ruling, by=organizer("dan"))
    assert states()["dogwood"] == "eliminated"


def test_only_organizers_rule(made):
    with pytest.raises(CannotRule, match="dogwood-owner is no organizer"):
        propose_ruling(made, GRANTED, by=made.filed_by)


def test_nothing_is_ruled_before_appeals_are_heard_or_after_the_result_is_final(made, panel):
    ruling = propose_ruling(made, GRANTED, by=panel[0])
    for state, words in (("final", "its result is final"), ("provisional", "appeals are heard once they are opened")):
        Round.objects.update(state=state)
        for act in (
            lambda: propose_ruling(made, GRANTED, by=panel[0]),
            lambda: confirm_ruling(ruling, by=panel[1]),
            lambda: dissent(ruling, by=panel[2], words="No."),
        ):
            with pytest.raises(CannotRule, match=words):
                act()
    assert states()["dogwood"] == "eliminated"
    assert not Ruling.objects.exclude(confirmed_by=None).exists()


def test_of_two_who_confirm_at_once_one_comes_second(made, panel):
    ruling = propose_ruling(made, GRANTED, by=panel[0])
    said, together = [], threading.Barrier(2)

    def confirm(person):
        try:
            together.wait()
            with translation.override("en"):
                confirm_ruling(ruling, by=person)
            said.append("done")
        except CannotRule as why:
            said.append(str(why))
        finally:
            connection.close()

    both = [threading.Thread(target=confirm, args=(person,)) for person in panel[1:]]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(said) == ["done", "it has been ruled on or withdrawn already"]
    assert changes_of(Participation.objects.get(entry__slug="dogwood").entry, "round-1").count() == 2


def test_what_was_withdrawn_is_not_ruled_on(made, panel):
    ruling = propose_ruling(made, GRANTED, by=panel[0])
    withdraw_appeal(made, by=made.filed_by)
    with pytest.raises(CannotRule, match="ruled on or withdrawn already"):
        confirm_ruling(ruling, by=panel[1])


def test_a_withdrawn_ruling_makes_way_for_another(made, panel):
    ruling = propose_ruling(made, GRANTED, by=panel[0])
    withdraw_ruling(ruling, by=panel[2])
    with pytest.raises(CannotRule, match="it has been settled already"):
        confirm_ruling(ruling, by=panel[1])
    rule(made, panel)
    assert Ruling.objects.count() == 2


def test_others_of_the_panel_dissent_once_and_in_their_own_name(made, panel):
    ruling = propose_ruling(made, DISMISSED, by=panel[0])
    with pytest.raises(CannotRule, match="who signs a ruling does not dissent"):
        dissent(ruling, by=panel[0], words="No.")
    dissent(ruling, by=panel[2], words="The hour was missing.\nI would grant it.", words_ko="인용해야 합니다.")
    with pytest.raises(CannotRule, match="you have dissented from it already"):
        dissent(ruling, by=panel[2], words="No.")
    confirm_ruling(ruling, by=panel[1])
    dissent(ruling, by=organizer("dan"), words="So would I.")
    assert [(one.by.username, one.words[-15:]) for one in Dissent.objects.all()] == [
        ("cha", "would grant it."),
        ("dan", "So would I."),
    ]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict("maybe", "none", "So."), "one of the outcomes"),
        (Verdict("granted", "wonder", "So."), "one of the effects"),
        (Verdict("dismissed", "recompute", "So."), "a dismissed appeal has no effect"),
        (Verdict("granted", "none", " "), "it needs reasons"),
        (Verdict("granted", "none", "So.", "x" * 4001), "at most 4000 characters"),
        (Verdict("granted", "none", "So\0."), "cannot be shown"),
        (Verdict("granted", "recompute", "So.", in_its_place=True), "who is not reinstated"),
        (Verdict("granted", "reinstate", "So.", entry="alder"), "which model of the team that is out"),
    ],
)
def test_what_makes_no_ruling_is_refused_with_words(made, panel, verdict, words):
    with pytest.raises(CannotRule, match=words):
        propose_ruling(made, verdict, by=panel[0])
    assert not Ruling.objects.exists()


def test_who_was_disqualified_did_not_go_by_the_cut(contest, panel):
    Participation.objects.filter(entry__slug="birch").update(state="disqualified")
    published(contest)
    verdict = Verdict("granted", "reinstate", "So.", in_its_place=True)
    with pytest.raises(CannotRule, match="it did not go by the cut"):
        propose_ruling(appeal(contest, "birch"), verdict, by=panel[0])


def test_nobody_rewrites_a_ruling_or_a_dissent(made, panel):
    ruling = propose_ruling(made, GRANTED, by=panel[0])
    dissent(ruling, by=panel[2], words="No.")
    confirm_ruling(ruling, by=panel[1])
    for change in ({"reasons": "Others."}, {"confirmed_by": panel[2]}, {"withdrawn_by": panel[2]}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Ruling.objects.filter(pk=ruling.pk).update(**change)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Dissent.objects.update(words="Yes.")


def test_the_database_holds_no_ruling_of_one(made, panel):
    ruling = propose_ruling(made, GRANTED, by=panel[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        Ruling.objects.filter(pk=ruling.pk).update(confirmed_by=panel[0], confirmed_at=timezone.now(), after_step=1)


def test_organizers_are_told_what_waits(made, panel):
    over(made.round)
    assert [(need.kind, need.about) for need in needs() if need.round] == [("appeal", "1 (Team Dogwood)")]
    propose_ruling(made, DISMISSED, by=panel[0])
    assert [need.kind for need in needs() if need.round] == ["ruling"]
    confirm_ruling(Ruling.objects.get(), by=panel[1])
    assert [need.kind for need in needs() if need.round] == ["finish"]
