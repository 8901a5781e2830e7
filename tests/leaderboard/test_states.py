"""A round goes from state to state by one way: refused with words, or logged for good with who and why."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone, translation

from accounts.models import User
from arena.battles import open_terms
from arena.models import Gate
from leaderboard.boards import all_series, board
from leaderboard.drafts import CannotOpen, change_draft, draft_round
from leaderboard.entering import CannotMove
from leaderboard.models import Actor, Proposal, Round, RoundState, Transition
from leaderboard.rounds import close_round
from leaderboard.schedule import keep_schedule
from leaderboard.signing import confirm_move, propose_move, withdraw_proposal
from leaderboard.states import STEPS, begin, move
from leaderboard.tasks import fold_open_rounds
from tests.conftest import make_contest, make_entries
from tests.leaderboard.test_closing import decide
from tests.leaderboard.test_folding import cast

S = RoundState
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def organizers(transactional_db):
    return [
        User.objects.create(username=name, email=f"{name}@example.org", is_staff=True) for name in ("ahn", "bae", "cha")
    ]


def go(contest, to, **options):
    return move(contest, to, **({"by": Actor.COMMAND, "reason": "As agreed."} | options))


def drafted(worker, *, opens=HOUR, lasts=timedelta(days=3), **rules):
    now = timezone.now()
    contest = draft_round(make_entries(worker, 4), opens_at=now + opens, ends_at=now + opens + lasts, **rules)
    begin(contest, by=Actor.COMMAND, reason="A first idea.")
    return contest


def passes(contest, time):
    """So much time passes for a round."""
    found = Round.objects.get(pk=contest.pk)
    for field in ("freezes_at", "appeals_end_at"):
        if getattr(found, field):
            setattr(found, field, getattr(found, field) - time)
    found.opens_at, found.ends_at = found.opens_at - time, found.ends_at - time
    found.save(update_fields=["opens_at", "freezes_at", "ends_at", "appeals_end_at"])


def log_of(contest):
    return [(one.from_state, one.to_state) for one in contest.transitions.all()]


def test_a_draft_is_nobodys_business_until_it_opens(client, worker, transactional_db):
    contest = drafted(worker)
    for path in ("/board?series=round-1", "/rounds/1/exposure", "/rounds/1/rules", "/api/v1/board?series=round-1"):
        assert client.get(path).status_code == 404, path
    assert (board(), all_series(), open_terms()) == (None, [], None)
    assert client.get("/api/v1/entries/alder/history").status_code == 404
    go(contest, S.SCHEDULED)
    assert (board(), all_series(), open_terms()) == (None, [], None)
    passes(contest, HOUR)
    keep_schedule()
    assert board()["series"] == "round-1"
    assert open_terms().gate.key == "round-1"
    assert [(one.version, one.reason) for one in contest.rulebooks.all()] == [(1, "")]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rules": {"cut_size": 4}}, "a cut of 4 does not fit 4 entries"),
        ({"rules": {"freeze_hours": 72}}, "with a freeze of 72 hours"),
        ({"opens_at": timezone.now() + timedelta(days=9)}, "it would end before it opens"),
        ({"ends_at": timezone.now() - HOUR}, "its end has passed already"),
        ({"entries": [0, 0, 1]}, "one of the entries is named twice"),
        ({"entries": [0, 4]}, "two of the entries belong to one team"),
    ],
)
def test_what_can_be_no_round_is_refused_at_each_save_of_a_draft(worker, transactional_db, changes, words):
    contest = drafted(worker)
    entries = [part.entry for part in contest.participations.all()]
    second = type(entries[0]).objects.create(team=entries[0].team, slug="alder-2", name="Alder 2")
    if "entries" in changes:
        changes = {"entries": [[*entries, second][n] for n in changes["entries"]]}
    before = Round.objects.values().get()
    with pytest.raises(CannotOpen, match=words):
        change_draft(contest, **changes)
    assert Round.objects.values().get() == before
    assert contest.participations.count() == 4


def test_a_draft_can_be_changed_and_nothing_later_can(worker, transactional_db):
    contest = drafted(worker)
    fewer = [part.entry for part in contest.participations.all()][:3]
    contest = change_draft(contest, entries=fewer, rules={"cut_size": 2, "freeze_hours": 24})
    assert contest.ends_at - contest.freezes_at == timedelta(hours=24)
    assert contest.participations.count() == 3
    go(contest, S.SCHEDULED)
    with pytest.raises(CannotOpen, match="only a draft"):
        change_draft(contest, rules={"cut_size": 1})
    go(contest, S.DRAFT, reason="The third team asked for a day.")
    change_draft(contest, rules={"cut_size": 1})
    go(contest, S.SCHEDULED)
    go(contest, S.OPEN)
    contest.refresh_from_db()
    assert contest.cut_size == 1
    assert log_of(contest) == [
        ("", "draft"), ("draft", "scheduled"), ("scheduled", "draft"), ("draft", "scheduled"), ("scheduled", "open"),
    ]  # fmt: skip


def test_a_beat_that_was_away_for_days_takes_all_steps_in_order_and_once(worker, transactional_db):
    contest = drafted(worker, freeze_hours=24)
    go(contest, S.SCHEDULED)
    passes(contest, timedelta(days=9))
    contest.refresh_from_db()
    fold_open_rounds()
    fold_open_rounds()
    taken = list(contest.transitions.filter(actor="schedule"))
    assert [one.to_state for one in taken] == ["open", "frozen", "closed", "tallied"]
    assert [one.due_at for one in taken[:3]] == [contest.opens_at, contest.freezes_at, contest.ends_at]
    assert all(one.at > one.due_at for one in taken[:3])
    assert {(one.by, one.reason) for one in taken} == {(None, "")}


def test_no_vote_passes_after_the_end_though_no_beat_has_closed_the_round(visitor, contest):
    duel = visitor.start()
    duel.ask("hi")
    Gate.objects.update(closes_at=timezone.now() - timedelta(seconds=2))
    assert duel.vote("a").json()["code"] == "round_closed"
    assert visitor.post("/battles").json()["code"] == "no_open_round"
    assert Round.objects.get().state == S.OPEN
    end = timezone.now() + HOUR
    go(contest, S.OPEN, ends_at=end)
    assert Gate.objects.get().closes_at == end
    assert duel.vote("a").json()["counted"]


def test_two_beats_at_once_take_each_step_once(worker, transactional_db):
    contest = drafted(worker, freeze_hours=24)
    go(contest, S.SCHEDULED)
    passes(contest, timedelta(days=9))
    together = threading.Barrier(3)

    def beat():
        together.wait()
        keep_schedule()
        connection.close()

    beats = [threading.Thread(target=beat) for _ in range(3)]
    for one in beats:
        one.start()
    for one in beats:
        one.join()
    assert [one.to_state for one in contest.transitions.filter(actor="schedule")] == [
        "open", "frozen", "closed", "tallied",
    ]  # fmt: skip


def test_nothing_is_due_before_its_time(worker, transactional_db, django_assert_num_queries):
    contest = drafted(worker)
    go(contest, S.SCHEDULED)
    with django_assert_num_queries(1):
        keep_schedule()
    assert Round.objects.get().state == S.SCHEDULED


def test_a_round_that_cannot_open_says_why_until_it_can(worker, transactional_db, caplog):
    waiting = drafted(worker)
    go(waiting, S.SCHEDULED)
    first = Round.objects.get()
    entries = [part.entry for part in first.participations.all()]
    other = draft_round(entries, opens_at=timezone.now(), ends_at=timezone.now() + HOUR)
    begin(other, by=Actor.COMMAND, reason="Before the other.")
    go(other, S.SCHEDULED)
    go(other, S.OPEN)
    passes(waiting, HOUR)
    keep_schedule()
    keep_schedule()
    waiting.refresh_from_db()
    assert waiting.hindrance == "round 2 is open, and votes can only go to one round"
    assert len([one for one in caplog.records if "could not be moved on" in one.message]) == 1
    go(other, S.CLOSED)
    keep_schedule()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.hindrance) == ("open", "")


def test_only_the_steps_of_the_table_are_taken(contest):
    for to in S:
        if (S.OPEN, to) not in STEPS:
            with pytest.raises(CannotMove, match="it is open; from there it can become"):
                go(contest, to)
    assert log_of(contest) == [("", "draft"), ("draft", "scheduled"), ("scheduled", "open")]


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301, "two\nlines"])
def test_a_step_without_a_reason_for_everybody_is_refused(contest, reason):
    with pytest.raises(CannotMove, match="a reason"):
        go(contest, S.CLOSED, reason=reason)


def test_who_is_no_organizer_moves_nothing(contest):
    stranger = User.objects.create(username="dan", email="dan@example.org")
    with pytest.raises(CannotMove, match="dan is no organizer"):
        go(contest, S.CLOSED, by=stranger)
    with pytest.raises(CannotMove, match="the schedule does not decide that"):
        go(contest, S.OPEN, by=Actor.SCHEDULE, ends_at=timezone.now() + HOUR)


def test_what_cannot_be_undone_takes_two_organizers(contest, organizers):
    ahn, bae, cha = organizers
    with pytest.raises(CannotMove, match="another one confirms it"):
        go(contest, S.ANNULLED, by=ahn)
    with pytest.raises(CannotMove, match="one organizer is enough"):
        propose_move(contest, S.CLOSED, by=ahn, reason="Early.")
    asked = propose_move(
        contest, S.ANNULLED, by=ahn, reason="A worker answered for two.", reason_ko="서버가 겹쳤습니다."
    )
    with pytest.raises(CannotMove, match="another step waits"):
        propose_move(contest, S.ANNULLED, by=bae, reason="The same.")
    with pytest.raises(CannotMove, match="cannot confirm it, too"):
        confirm_move(asked, by=ahn)
    made = confirm_move(asked, by=bae)
    assert (made.by, made.confirmed_by, made.reason) == (ahn, bae, "A worker answered for two.")
    assert Round.objects.get().state == S.ANNULLED
    for again in (lambda: confirm_move(asked, by=cha), lambda: withdraw_proposal(asked, by=cha)):
        with pytest.raises(CannotMove, match="settled already"):
            again()


def test_a_proposal_is_withdrawn_and_does_not_outlive_its_state(contest, organizers):
    ahn, bae, _ = organizers
    first = propose_move(contest, S.ANNULLED, by=ahn, reason="Perhaps.")
    withdraw_proposal(first, by=ahn)
    second = propose_move(contest, S.ANNULLED, by=ahn, reason="Surely.")
    go(contest, S.CLOSED)
    with pytest.raises(CannotMove, match="has moved since"):
        confirm_move(second, by=bae)
    withdraw_proposal(second, by=bae)
    assert Proposal.objects.filter(transition=None, withdrawn_by=None).count() == 0
    assert Round.objects.get().state == S.CLOSED


def test_two_organizers_who_confirm_at_once_make_one_step(contest, organizers):
    ahn, bae, cha = organizers
    asked = propose_move(contest, S.ANNULLED, by=ahn, reason="It is void.")
    said = []

    def confirm(by):
        try:
            said.append(confirm_move(asked, by=by).to_state)
        except CannotMove:
            said.append("refused")
        connection.close()

    both = [threading.Thread(target=confirm, args=[by]) for by in (bae, cha)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(said) == ["annulled", "refused"]


def test_a_result_is_final_after_the_appeals_and_by_two(contest, organizers):
    ahn, bae, _ = organizers
    decide(contest)
    close_round(contest)
    go(contest, S.APPEAL)
    contest.refresh_from_db()
    assert timedelta(days=9) < contest.appeals_end_at - timezone.now() <= timedelta(days=10)
    early = propose_move(contest, S.FINAL, by=ahn, reason="No appeals came.")
    with pytest.raises(CannotMove, match="appeals can still be made"):
        confirm_move(early, by=bae)
    passes(contest, timedelta(days=10))
    keep_schedule()
    assert Round.objects.get().state == S.APPEAL
    confirm_move(early, by=bae)
    with pytest.raises(CannotMove, match="it is final; from there it can become: annulled"):
        go(contest, S.OPEN, ends_at=timezone.now() + HOUR)
    confirm_move(propose_move(contest, S.ANNULLED, by=bae, reason="Votes were bought."), by=ahn)
    assert not contest.participations.filter(state="eliminated").exists()
    assert {row["status"] for row in board("round-1")["standings"]} == {"ranked"}
    assert board("round-1")["round"]["line"] is None
    with pytest.raises(CannotMove, match="it is annulled, and stays so"):
        go(contest, S.OPEN, ends_at=timezone.now() + HOUR)


def test_reopening_takes_the_cut_back_and_needs_a_new_end(contest):
    decide(contest)
    close_round(contest)
    assert contest.participations.filter(state="eliminated").count() == 1
    for ends_at, words in ((None, "none was named"), (timezone.now() - HOUR, "passed already")):
        with pytest.raises(CannotMove, match=words):
            go(contest, S.OPEN, ends_at=ends_at)
    end = timezone.now() + HOUR
    go(contest, S.OPEN, ends_at=end, reason="A worker was down for an hour.")
    contest.refresh_from_db()
    assert (contest.state, contest.ends_at, contest.closed_at) == ("open", end, None)
    assert Gate.objects.get().is_open
    assert not contest.participations.filter(state="eliminated").exists()
    assert {row["status"] for row in board()["standings"]} <= {"safe", "at_risk", "in_danger"}
    assert contest.transitions.last().ends_at == end
    decide(contest, games=2)
    close_round(contest)
    assert board("round-1")["votes"] == 66


def test_a_round_is_not_reopened_beside_another(contest):
    decide(contest)
    close_round(contest)
    entries = [part.entry for part in contest.participations.all()]
    other = draft_round(entries, opens_at=timezone.now(), ends_at=timezone.now() + HOUR)
    begin(other, by=Actor.COMMAND, reason="The next.")
    go(other, S.SCHEDULED)
    go(other, S.OPEN)
    with pytest.raises(CannotMove, match="round 2 goes by its result"):
        go(contest, S.OPEN, ends_at=timezone.now() + HOUR)


def test_a_tally_that_a_second_count_does_not_confirm_is_no_tally(contest):
    decide(contest)
    fold_open_rounds()
    go(contest, S.CLOSED)
    # Somebody tampers with what was counted already.
    contest.gate.votes.filter(position__lte=10).update(winner="b")
    with pytest.raises(CannotMove, match="a second count found"):
        go(contest, S.TALLIED)
    keep_schedule()
    contest.refresh_from_db()
    assert (contest.state, contest.hindrance[:15]) == ("closed", "a second count ")


@pytest.mark.parametrize("change", [{"reason": "other"}, {"to_state": "final"}, {"number": 9}, {"actor": "schedule"}])
def test_the_database_keeps_what_was_logged(contest, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        Transition.objects.filter(round=contest, number=2).update(**change)


@pytest.mark.parametrize(
    "step",
    [
        {"number": 5, "from_state": "open", "to_state": "closed"},
        {"number": 4, "from_state": "frozen", "to_state": "closed"},
        {"number": 4, "from_state": "open", "to_state": "sleeping"},
        {"number": 4, "from_state": "open", "to_state": "annulled"},
        {"number": 4, "from_state": "open", "to_state": "closed", "actor": "organizer"},
        {"number": 3, "from_state": "open", "to_state": "closed"},
    ],
)
def test_the_database_refuses_a_step_that_does_not_follow(contest, step):
    with pytest.raises(IntegrityError), transaction.atomic():
        Transition.objects.create(round=contest, **({"actor": "command", "reason": "Slipped in."} | step))


def test_the_database_refuses_an_unknown_state_and_two_live_rounds(contest, worker):
    with pytest.raises(IntegrityError), transaction.atomic():
        Round.objects.update(state="sleeping")
    entries = [part.entry for part in contest.participations.all()]
    other = draft_round(entries, opens_at=timezone.now(), ends_at=timezone.now() + HOUR)
    for state in ("open", "frozen"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Round.objects.filter(pk=other.pk).update(state=state)


def test_a_round_by_the_short_way_is_logged_step_by_step(worker, transactional_db):
    contest = make_contest(worker, 3)
    for a, b in (("alder", "birch"), ("birch", "cedar")) * 2:
        cast(contest, a, b, "a")
    close_round(contest)
    assert [to for _, to in log_of(contest)] == ["draft", "scheduled", "open", "closed", "tallied", "provisional"]
