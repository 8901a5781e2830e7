"""A tie at the line is broken by a run-off: a round among the tied, which goes its own way and waits for its round."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from inference.models import Entry
from leaderboard.appeals.ruling import Verdict, confirm_ruling, propose_ruling
from leaderboard.boards import board
from leaderboard.cut.decisions import decide_now, in_force, result_of_run_off
from leaderboard.drafts import CannotOpen, draft_round
from leaderboard.entering import CannotMove
from leaderboard.export_queue import files_of, write_portion
from leaderboard.models import Actor, Export, Participation, ParticipationState, Round, RoundState
from leaderboard.needs import needs
from leaderboard.participations import CannotChange, admit_wildcard, change_participation
from leaderboard.rounds import open_following_round, open_round
from leaderboard.rulebook import BadRulebook, Rulebook, changed
from leaderboard.rulebook import in_force as rules_in_force
from leaderboard.schedule import keep_schedule
from leaderboard.signing import confirm_move, propose_move
from leaderboard.states import begin, move, next_steps
from rating.decision import Grounds
from tests.conftest import make_contest, make_entries
from tests.leaderboard.test_appeals import appeal
from tests.leaderboard.test_folding import cast

S = RoundState
DAY = timedelta(days=1)
CHAIN = ["run_off", "head_to_head", "beacon"]


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def go(contest, to, **options):
    return move(contest, to, **({"by": Actor.COMMAND, "reason": "As agreed."} | options))


def found(key):
    number, _, leg = key.partition("-run-off")
    return Round.objects.get(number=number, leg=(int(leg.strip("-") or 1) if "-run-off" in key else 0))


def state(key):
    return str(found(key).state)


@pytest.fixture
def organizers(transactional_db):
    return [User.objects.create(username=name, email=f"{name}@example.org", is_staff=True) for name in ("ahn", "bae")]


@pytest.fixture
def tied(transactional_db, worker):
    """A counted round: cedar and dogwood are tied at its line, far behind the others."""
    contest = make_contest(worker, 4, tie_chain=CHAIN, fewest_voters=1, run_off={"hours": 48, "notice_hours": 24})
    for better in ("alder", "birch"):
        for worse in ("cedar", "dogwood"):
            for winner in 20 * "a" + 4 * "b":
                cast(contest, better, worse, winner)
    for winner in 10 * "ab":
        cast(contest, "cedar", "dogwood", winner)
        cast(contest, "alder", "birch", winner)
    for to in (S.CLOSED, S.TALLIED):
        go(contest, to)
    return found("1")


def opened(contest):
    """A run-off of which the day has come."""
    go(contest, S.RUN_OFF)
    pass_time(DAY + timedelta(minutes=1))
    assert state("1-run-off") == "open"
    return found("1-run-off")


def pass_time(time):
    for run_off in Round.objects.filter(leg__gte=1):
        run_off.opens_at, run_off.ends_at = run_off.opens_at - time, run_off.ends_at - time
        run_off.save(update_fields=["opens_at", "ends_at"])
        if run_off.gate.closes_at:
            run_off.gate.closes_at = run_off.ends_at
            run_off.gate.save(update_fields=["closes_at"])
    keep_schedule()


def voted(contest, wins=30, losses=4):
    """The run-off is played and counted: dogwood wins so many votes against cedar, and loses so many."""
    run_off = opened(contest)
    for winner in wins * "a" + losses * "b":
        cast(run_off, "dogwood", "cedar", winner)
    pass_time(3 * DAY)
    assert state("1-run-off") == "tallied"
    return run_off


def out():
    return set(Participation.objects.filter(state="eliminated", round__leg=0).values_list("entry__slug", flat=True))


def test_a_tie_is_not_published_but_played_out_among_the_tied(tied):
    with pytest.raises(CannotMove, match="cedar, dogwood are tied at the line, and 1 of them stays"):
        go(tied, S.PROVISIONAL)
    go(tied, S.RUN_OFF)
    run_off = found("1-run-off")
    assert (state("1"), run_off.state, str(run_off)) == ("run_off", "scheduled", "Run-off of round 1")
    assert sorted(run_off.participations.values_list("entry__slug", flat=True)) == ["cedar", "dogwood"]
    rules = rules_in_force(run_off)
    assert (rules.stage, rules.cut_size, rules.tie_chain, rules.pairing.method) == ("run_off", 1, (), "uniform")
    assert timedelta(hours=47) < run_off.ends_at - run_off.opens_at < timedelta(hours=49)
    assert timedelta(hours=23) < run_off.opens_at - timezone.now() < timedelta(hours=25)
    assert [(step.to_state, step.actor) for step in run_off.transitions.all()] == [
        ("draft", "round"), ("scheduled", "round"),
    ]  # fmt: skip
    assert out() == set()


def test_who_wins_the_run_off_stays_and_the_decision_says_by_which_run_off(tied):
    run_off = voted(tied)
    result = result_of_run_off(tied)
    assert (result.key, result.stays, result.goes) == ("1-run-off", ("dogwood",), ("cedar",))
    assert result.wins == (("cedar", "dogwood", 4), ("dogwood", "cedar", 30))
    go(tied, S.PROVISIONAL)
    assert out() == {"cedar"}
    decision, its_own = in_force(found("1")), in_force(found("1-run-off"))
    content = json.loads(decision.content)
    assert (content["decided_by"], content["steps"][0]["source"]) == ("run_off", "1-run-off")
    assert Grounds.read(decision.grounds).run_offs == (result,)
    assert result.digest == its_own.digest
    assert json.loads(its_own.content)["goes"] == ["cedar"]
    assert dict(run_off.participations.values_list("entry__slug", "state"))["cedar"] == "eliminated"


def test_a_run_off_that_ends_in_a_tie_hands_on_to_the_next_step(tied):
    voted(tied, wins=16, losses=15)
    result = result_of_run_off(tied)
    assert (result.stays, result.goes) == ((), ())
    go(tied, S.PROVISIONAL)
    content = json.loads(in_force(found("1")).content)
    assert [step["step"] for step in content["steps"]] == ["run_off", "head_to_head"]
    assert content["steps"][1]["figures"]["dogwood"] == {"won": 26, "lost": 25}
    assert out() == {"cedar"}


def test_the_run_off_waits_for_its_round_and_goes_along_with_it(tied, organizers):
    voted(tied)
    run_off = found("1-run-off")
    for to, words in (
        (S.RUN_OFF, "no run-off of its own"),
        (S.PROVISIONAL, "together with its round"),
    ):
        with pytest.raises(CannotMove, match=words):
            go(run_off, to)
    assert not {S.RUN_OFF, S.PROVISIONAL, S.APPEAL, S.FINAL, S.DRAFT} & set(next_steps(run_off))
    go(tied, S.PROVISIONAL)
    assert state("1-run-off") == "provisional"
    with pytest.raises(CannotMove, match="its result is its round's"):
        go(found("1-run-off"), S.APPEAL)
    go(tied, S.APPEAL)
    assert state("1-run-off") == "provisional"
    Round.objects.filter(leg=0).update(appeals_end_at=timezone.now())
    signed(tied, S.FINAL, organizers)
    assert (state("1"), state("1-run-off")) == ("final", "final")
    assert found("1-run-off").transitions.last().actor == "round"
    following = open_following_round(found("1"))
    assert (following.number, following.leg) == (2, 0)
    assert following.participations.count() == 3


def signed(contest, to, organizers):
    one, other = organizers
    confirm_move(propose_move(contest, to, by=one, reason="As agreed."), by=other)


def test_before_it_is_counted_nothing_is_published(tied):
    run_off = opened(tied)
    cast(run_off, "dogwood", "cedar", "a")
    with pytest.raises(CannotMove, match="its run-off is not counted yet"):
        go(tied, S.PROVISIONAL)
    with pytest.raises(CannotMove, match="it has a run-off already"):
        go(tied, S.RUN_OFF)
    assert state("1") == "run_off"


@pytest.mark.parametrize("when", ["scheduled", "open", "tallied", "provisional"])
def test_a_round_that_is_reopened_annuls_its_run_off(tied, when):
    {
        "scheduled": lambda: go(tied, S.RUN_OFF),
        "open": lambda: opened(tied),
        "tallied": lambda: voted(tied),
        "provisional": lambda: (voted(tied), go(tied, S.PROVISIONAL)),
    }[when]()
    votes = found("1-run-off").gate.votes.count()
    go(tied, S.OPEN, ends_at=timezone.now() + DAY)
    assert (state("1"), state("1-run-off")) == ("open", "annulled")
    assert found("1-run-off").gate.votes.count() == votes
    assert out() == set()
    assert Client().get("/board").status_code == Client().get("/rounds/1-run-off").status_code == 200
    assert board()["series"] == "round-1"
    go(tied, S.CLOSED)
    go(tied, S.TALLIED)
    go(tied, S.RUN_OFF)
    assert (state("1-run-off-2"), found("1-run-off-2").series.title) == ("scheduled", "Run-off 2 of round 1")
    assert found("1-run-off-2").series.title_ko == "1라운드 2차 연장전"


def test_a_run_off_annulled_by_itself_is_followed_by_another(tied, organizers):
    signed(opened(tied), S.ANNULLED, organizers)
    assert (state("1"), state("1-run-off")) == ("run_off", "annulled")
    with pytest.raises(CannotMove, match="asks for a run-off"):
        go(tied, S.PROVISIONAL)
    go(tied, S.RUN_OFF)
    assert state("1-run-off-2") == "scheduled"


def test_a_run_off_that_has_not_opened_is_called_off_by_two(tied, organizers):
    go(tied, S.RUN_OFF)
    run_off = found("1-run-off")
    assert set(next_steps(run_off)) == {S.OPEN, S.ANNULLED}
    with pytest.raises(CannotMove, match="another one confirms it"):
        go(run_off, S.ANNULLED, by=organizers[0])
    signed(run_off, S.ANNULLED, organizers)
    last = found("1-run-off").transitions.last()
    assert (last.to_state, last.actor, last.by, last.confirmed_by, last.reason) == (
        "annulled", "organizer", *organizers, "As agreed.",
    )  # fmt: skip
    assert (state("1"), [need.kind for need in needs()]) == ("run_off", ["no_run_off"])
    go(tied, S.RUN_OFF)
    assert state("1-run-off-2") == "scheduled"


def test_a_round_that_has_not_opened_becomes_a_draft_and_is_not_annulled(transactional_db, worker, organizers):
    now = timezone.now()
    waits = draft_round(make_entries(worker, 2), opens_at=now + DAY, ends_at=now + 2 * DAY)
    begin(waits, by=organizers[0], reason="A new round.")
    go(waits, S.SCHEDULED)
    assert set(next_steps(found("1"))) == {S.DRAFT, S.OPEN}
    with pytest.raises(CannotMove, match="take it back to a draft"):
        propose_move(found("1"), S.ANNULLED, by=organizers[0], reason="No.")


@pytest.mark.parametrize("through", ["1", "1-run-off"])
@pytest.mark.parametrize("when", ["scheduled", "open", "tallied"])
def test_who_withdraws_is_out_of_the_round_and_of_its_run_off_by_one_act(tied, organizers, when, through):
    {"scheduled": lambda: go(tied, S.RUN_OFF), "open": lambda: opened(tied), "tallied": lambda: voted(tied)}[when]()
    part = found(through).participations.get(entry__slug="cedar")
    change_participation(part, ParticipationState.WITHDRAWN, reason="No money is left.", by=organizers[0])
    for key in ("1", "1-run-off"):
        its = found(key).participations.get(entry__slug="cedar")
        assert (its.state, its.changes.last().reason, its.changes.last().by) == (
            "withdrawn", "No money is left.", organizers[0],
        )  # fmt: skip
    if when == "scheduled":
        pass_time(DAY + timedelta(minutes=1))
        assert "of the tied too few are left" in found("1-run-off").hindrance
    if when != "tallied":
        signed(found("1-run-off"), S.ANNULLED, organizers)
    go(tied, S.PROVISIONAL)
    assert (state("1"), out()) == ("provisional", {"dogwood"})


def test_who_is_disqualified_and_let_back_in_is_so_in_both(tied):
    opened(tied)
    for became in (ParticipationState.DISQUALIFIED, ParticipationState.COMPETING):
        change_participation(found("1").participations.get(entry__slug="cedar"), became, reason="As it is.")
        assert {str(key.state) for key in Participation.objects.filter(entry__slug="cedar")} == {str(became)}
    with pytest.raises(CannotChange, match="nobody else comes in"):
        admit_wildcard(found("1-run-off"), Entry.objects.get(slug="alder"), reason="Why not.")


def test_an_annulled_round_takes_its_run_off_along(tied, organizers):
    voted(tied)
    signed(tied, S.ANNULLED, organizers)
    assert (state("1"), state("1-run-off")) == ("annulled", "annulled")


def ruled(contest, organizers, team, effect, **said):
    """Two organizers grant an appeal of a team; it is about dogwood, which played in the run-off."""
    verdict = Verdict("granted", effect, "So we found.", entry="dogwood", **said)
    made = appeal(contest, team, ground="eligibility")
    confirm_ruling(propose_ruling(made, verdict, by=organizers[0]), by=organizers[1])


@pytest.mark.parametrize(
    ("effect", "said", "decided_by"),
    [("verdict", {"axis": "technical", "finding": "passed"}, "run_off"), ("reinstate", {}, "line")],
)
def test_who_won_the_run_off_and_fails_by_a_ruling_is_out_of_both_until_another_lets_it_back_in(
    tied, organizers, effect, said, decided_by
):
    voted(tied)
    for to in (S.PROVISIONAL, S.APPEAL):
        go(tied, to)
    ruled(found("1"), organizers, "alder", "verdict", axis="technical", finding="failed")
    decision = in_force(found("1"))
    assert (decision.edition, json.loads(decision.content)["decided_by"], out()) == (2, "line", {"cedar"})
    for key in ("1", "1-run-off"):
        statuses = {row["slug"]: row["status"] for row in board(f"round-{key}")["standings"]}
        assert (found(key).participations.get(entry__slug="dogwood").state, statuses["dogwood"]) == (
            "disqualified", "disqualified",
        )  # fmt: skip
    ruled(found("1"), organizers, "dogwood", effect, **said)
    decision, its_own = in_force(found("1")), in_force(found("1-run-off"))
    assert (decision.edition, json.loads(decision.content)["decided_by"], out()) == (3, decided_by, {"cedar"})
    assert Grounds.read(decision.grounds).run_offs[0].digest == its_own.digest
    assert set(found("1-run-off").participations.values_list("entry__slug", "state")) == {
        ("cedar", "eliminated"), ("dogwood", "competing"),
    }  # fmt: skip


@pytest.mark.parametrize("goes", ["by the run-off", "by the next step", "nobody, by a ruling"])
def test_a_final_run_off_leaves_its_files_and_its_decision(tied, organizers, goes):
    voted(tied, **({"wins": 16, "losses": 15} if goes == "by the next step" else {}))
    for to in (S.PROVISIONAL, S.APPEAL):
        go(tied, to)
    if goes == "nobody, by a ruling":
        verdict = Verdict("granted", "reinstate", "The count missed an hour.", entry="cedar")
        made = appeal(found("1"), "cedar")
        confirm_ruling(propose_ruling(made, verdict, by=organizers[0]), by=organizers[1])
    Round.objects.filter(leg=0).update(appeals_end_at=timezone.now())
    signed(found("1"), S.FINAL, organizers)
    while write_portion():
        pass
    for key in ("1", "1-run-off"):
        assert f'href="/rounds/{key}/files/decision.json"' in Client().get(f"/rounds/{key}/record").content.decode()
        files = {file.name: file for file in files_of(Export.objects.get(board__series=found(key).series))}
        assert json.loads(files["decision.json"].read_text()) == in_force(found(key)).told()


def test_votes_go_to_one_round_at_a_time(tied, worker):
    go(tied, S.RUN_OFF)
    entries = [part.entry for part in tied.participations.filter(entry__slug__in=["alder", "birch"])]
    open_round(entries, ends_at=timezone.now() + 9 * DAY)
    pass_time(2 * DAY)
    assert state("1-run-off") == "scheduled"
    assert "round 2 is open" in found("1-run-off").hindrance


def test_a_line_that_is_settled_otherwise_needs_no_run_off(transactional_db, worker):
    contest = make_contest(worker, 2, tie_chain=["head_to_head", "run_off"], fewest_voters=1)
    for winner in "aaabb":
        cast(contest, "alder", "birch", winner)
    for to in (S.CLOSED, S.TALLIED):
        go(contest, to)
    with pytest.raises(CannotMove, match="publish the result"):
        go(contest, S.RUN_OFF)
    assert not Round.objects.filter(leg=1).exists()


def test_nobody_drafts_a_run_off(transactional_db, worker):
    with pytest.raises(BadRulebook, match="tie_chain"):
        changed(Rulebook(), {"stage": "run_off"})
    rules = changed(Rulebook(), {"stage": "run_off", "tie_chain": []})
    with pytest.raises(CannotOpen, match="follows from its round"):
        draft_round([], opens_at=timezone.now(), ends_at=timezone.now() + DAY, rulebook=rules)


def test_the_numbers_are_public_from_the_run_off_on(transactional_db, worker):
    contest = make_contest(worker, 4, tie_chain=CHAIN, fewest_voters=1, freeze_hours=24)
    go(contest, S.FROZEN)
    for winner in 10 * "ab":
        for first, second in (("alder", "birch"), ("birch", "cedar"), ("cedar", "dogwood")):
            cast(contest, first, second, winner)
    for to in (S.CLOSED, S.TALLIED):
        go(contest, to)
    assert board("round-1")["votes"] == 0
    go(contest, S.RUN_OFF)
    told = board("round-1")
    assert told["votes"] == 60
    assert told["round"]["run_off"]["stay"] == 3
    with pytest.raises(CannotMove):
        go(contest, S.FROZEN, ends_at=timezone.now() + DAY)


def test_pages_say_what_breaks_the_tie(tied):
    run_off = opened(tied)
    client = Client(headers={"Accept-Language": "en"})
    page = client.get("/board?series=round-1").content.decode()
    assert "The line is tied. A run-off among Cedar, Dogwood decides." in page
    assert "To the run-off" in page
    assert '<a href="/rounds/1-run-off">' in client.get("/rounds/1").content.decode()
    its_own = client.get("/rounds/1-run-off").content.decode()
    assert "Run-off of round 1: how it goes" in its_own
    assert 'href="/rounds/1"' in its_own
    rules = client.get("/rounds/1-run-off/rules").content.decode()
    assert "Whom the votes leave tied here is told apart by the next step" in rules
    assert "It opens 24 hours after it was called, for 48 hours." in client.get("/rounds/1/rules").content.decode()
    told = client.get("/api/v1/rounds/1").json()
    assert (told["run_offs"], told["state"]) == (["1-run-off"], "run_off")
    assert client.get("/api/v1/rounds/1-run-off").json()["run_off_of"] == "1"
    assert run_off.series.slug == "round-1-run-off"
    assert decide_now(tied).state == "run_off"
