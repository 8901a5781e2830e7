"""Any course a round may take: organizers, voters, amendments and the clock, in any order, through the real functions.

No path skips a state, no vote is lost or comes in after the gate has closed, and an edition that stands still for the
public, or has been published, never changes a byte.
"""

import json
from datetime import timedelta
from itertools import combinations

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from arena.models import Battle, Gate, Turn, Vote, Voter, Winner
from arena.refusals import RoundClosed
from arena.voting import cast_vote
from leaderboard.amending import CannotAmend, amend_round
from leaderboard.boards import board, edition
from leaderboard.cut.run_offs import run_off_that_counts
from leaderboard.drafts import CannotOpen, change_draft, draft_round
from leaderboard.editions import newest, served
from leaderboard.entering import CannotMove
from leaderboard.exposure import exposure
from leaderboard.models import DECIDED, LIVE, Board, Freeze, ParticipationChange, ParticipationState, Round, RoundState
from leaderboard.participations import CannotChange, change_participation
from leaderboard.rounds import open_round
from leaderboard.schedule import keep_schedule
from leaderboard.signing import confirm_move, propose_move, waiting_proposal, withdraw_proposal
from leaderboard.states import STEPS, begin, move
from leaderboard.tasks import fold_open_rounds
from tests.conftest import make_entries
from tests.leaderboard.test_folding import cast

S, P = RoundState, ParticipationState
PAIRS = [(0, 1), (1, 2), (2, 3), (3, 0)]
DATES = ("opens_at", "freezes_at", "ends_at", "appeals_end_at")
HOURS = st.sampled_from([1, 6, 20, 30])
COURSES = settings(
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # to make a failure shorter takes minutes; do it by hand
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class Course(RuleBasedStateMachine):
    """One round. What it should know is kept beside it: the votes that were let in, and what the public was shown."""

    entries: list
    organizers: list

    @initialize(freeze_hours=st.sampled_from([12, 0]), appeal_days=st.sampled_from([0, 1]), opened=st.booleans())
    def draft(self, freeze_hours, appeal_days, opened):
        self.let_in, self.shown, self.editions = {}, {}, {}
        now = timezone.now()
        self.contest = draft_round(
            self.entries,
            opens_at=now + timedelta(hours=1),
            ends_at=now + timedelta(hours=49),
            freeze_hours=freeze_hours,
            appeal_days=appeal_days,
        )
        begin(self.contest, by=self.organizers[0], reason="A new round.")
        if opened:
            for _ in range(2):
                self.an_organizer_moves_it_on()
            for pair in PAIRS:
                self.somebody_votes(pair, Winner.A)

    def now(self):
        return Round.objects.select_related("series", "gate").get(pk=self.contest.pk)

    # What people and the clock do

    @rule(to=st.sampled_from(S), by=st.sampled_from([0, 1]), hours=st.sampled_from([None, -1, 8, 40]))
    def an_organizer_moves_it(self, to, by, hours):
        ends_at = timezone.now() + timedelta(hours=hours) if hours else None
        self.or_nothing(lambda: move(self.contest, to, by=self.organizers[by], reason="So it is.", ends_at=ends_at))

    @rule()
    def an_organizer_moves_it_on(self):
        order = list(S)
        ahead = [to for start, to in STEPS if start == self.now().state and order.index(to) > order.index(start)]
        if ahead and ahead[0] != S.FINAL:
            self.or_nothing(lambda: move(self.contest, ahead[0], by=self.organizers[0], reason="On."))

    @rule(to=st.sampled_from([S.FINAL, S.FINAL, S.ANNULLED, S.CLOSED]), by=st.sampled_from([0, 1]))
    def an_organizer_proposes(self, to, by):
        self.or_nothing(lambda: propose_move(self.contest, to, by=self.organizers[by], reason="For good."))

    @precondition(lambda self: waiting_proposal(self.contest))
    @rule(by=st.sampled_from([0, 1]), withdrawn=st.booleans())
    def an_organizer_answers(self, by, withdrawn):
        asked, answer = waiting_proposal(self.contest), withdraw_proposal if withdrawn else confirm_move
        self.or_nothing(lambda: answer(asked, by=self.organizers[by]))

    @rule(pair=st.sampled_from(PAIRS), winner=st.sampled_from(Winner))
    def somebody_votes(self, pair, winner):
        contest = self.now()
        terms = contest.gate.terms.order_by("-version").first()
        if terms is None:  # nobody is drawn from a draft
            return
        a, b = (self.entries[n] for n in pair)
        battle = Battle.objects.create(terms=terms, voter=Voter.objects.create(), entry_a=a, entry_b=b, propensity=0.1)
        Turn.objects.create(battle=battle, number=1, state="complete", prompt=[], ended_at=timezone.now())
        try:
            receipt = cast_vote(battle_id=battle.id, voter_id=battle.voter_id, winner=winner)
        except RoundClosed:
            assert contest.state not in LIVE or contest.ends_at <= timezone.now()
        else:
            assert contest.state in LIVE
            assert contest.ends_at > timezone.now() - timedelta(minutes=1)
            assert (receipt.names is None) == (contest.state == S.FROZEN)
            self.let_in[receipt.vote] = winner

    @rule(cut=st.sampled_from([1, 2, 9]), minimum=st.sampled_from([1, 5]))
    def the_rules_are_changed(self, cut, minimum):
        changes = {"cut_size": cut, "minimum_votes": minimum}
        before = self.counted()
        try:
            if self.now().state == S.DRAFT:
                change_draft(self.contest, rules=changes)
            else:
                amend_round(self.contest, changes, reason="Better so.")
        except (CannotAmend, CannotOpen):
            assert self.counted() == before

    @rule(hours=HOURS)
    def time_passes(self, hours):
        contest = self.now()
        for field in DATES:
            if getattr(contest, field):
                setattr(contest, field, getattr(contest, field) - timedelta(hours=hours))
        contest.save(update_fields=DATES)
        Gate.objects.filter(pk=contest.gate_id, closes_at__isnull=False).update(closes_at=contest.ends_at)
        # What was shown told the old end.
        self.shown.clear()
        self.remember()

    @rule()
    def the_beat_beats(self):
        fold_open_rounds()

    # What is true after each of it

    @invariant()
    def no_path_skips_a_state(self):
        contest, log = self.now(), list(self.contest.transitions.all())
        assert [one.number for one in log] == list(range(1, len(log) + 1))
        assert [one.from_state for one in log] == ["", *(one.to_state for one in log[:-1])]
        assert {(one.from_state, one.to_state) for one in log[1:]} <= set(STEPS)
        assert contest.state == log[-1].to_state
        assert all(one.by_id != one.confirmed_by_id for one in log if one.to_state in (S.FINAL, S.ANNULLED))

    @invariant()
    def gate_and_freeze_are_those_of_the_state(self):
        contest, gate = self.now(), Gate.objects.get(round=self.contest)
        frozen = Freeze.objects.filter(round=self.contest).exists()
        assert gate.is_open == (contest.state in LIVE)
        assert gate.is_frozen == frozen
        assert frozen <= (contest.state in (S.FROZEN, S.CLOSED, S.TALLIED))
        assert (contest.state == S.FROZEN) <= frozen

    @invariant()
    def no_vote_is_lost_and_none_slips_in(self):
        assert dict(self.contest.gate.votes.values_list("id", "winner")) == self.let_in
        contest = self.now()
        if contest.state in (S.TALLIED, *DECIDED, S.ANNULLED):
            assert newest(contest.series).votes == len(self.let_in)
            assert not Vote.objects.filter(gate=contest.gate, position=None).exists()
        if contest.state in (*DECIDED, S.ANNULLED):
            assert served(contest.series) == newest(contest.series)

    @invariant()
    def what_stands_still_stands_still(self):
        self.remember()

    @invariant()
    def no_edition_changes(self):
        for pk, standings in self.editions.items():
            assert told(Board.objects.get(pk=pk)) == standings
        for one in Board.objects.filter(series=self.contest.series).exclude(pk__in=self.editions):
            self.editions[one.pk] = told(one)

    def remember(self):
        """The first look at a frozen board is what every later one must be, in each of its states."""
        freeze, slug = Freeze.objects.filter(round=self.contest).first(), self.contest.series.slug
        if freeze is None:
            return
        shown, audit = board(slug), exposure(self.contest.key)
        assert shown["number"] == freeze.board.number
        contest = self.now()
        public = json.dumps([shown, audit]), edition(slug)
        assert self.shown.setdefault((freeze.pk, contest.state, contest.ends_at), public) == public

    # And how it is all done

    def or_nothing(self, act):
        """Do it, or leave everything as it was."""
        before = self.counted()
        try:
            act()
        except CannotMove:
            assert self.counted() == before

    def counted(self):
        contest = Round.objects.filter(pk=self.contest.pk).values().get()
        gate = Gate.objects.filter(round=self.contest).values("is_open", "is_frozen").get()
        boards = Board.objects.filter(series=self.contest.series).count()
        return contest, gate, boards, self.contest.transitions.count(), self.contest.rulebooks.count()

    def teardown(self):
        """Only one round is live: make room for the next."""
        if self.now().state in LIVE:
            asked = waiting_proposal(self.contest)
            if asked:
                withdraw_proposal(asked, by=asked.asked_by)
            confirm_move(
                propose_move(self.contest, S.ANNULLED, by=self.organizers[0], reason="The test is over."),
                by=self.organizers[1],
            )


def told(one):
    return json.dumps(
        [one.number, one.position, one.votes, list(one.standings.values_list("slug", "rating", "status"))]
    )


class TiedCourse(RuleBasedStateMachine):
    """A counted round of which the line is tied, and its run-offs: organizers, teams that leave, voters, the clock."""

    entries: list
    organizers: list

    @initialize()
    def count_a_tie(self):
        rules = {"tie_chain": ["run_off", "score"], "fewest_voters": 1, "minimum_votes": 1}
        rules |= {"run_off": {"hours": 24, "notice_hours": 24}}
        self.round = open_round(self.entries, ends_at=timezone.now() + timedelta(days=9), **rules)
        for first, second in combinations(self.entries, 2):
            for winner in "ab":
                cast(self.round, first.slug, second.slug, winner)
        for to in (S.CLOSED, S.TALLIED, S.RUN_OFF):
            self.moved(to, by=0)

    def now(self, leg=0):
        return Round.objects.filter(number=self.round.number, leg=leg).select_related("gate").first()

    def run_off(self):
        return run_off_that_counts(self.round)

    def states_in(self, contest):
        return dict(contest.participations.values_list("entry__slug", "state"))

    def either(self, of_run_off):
        return (self.run_off() if of_run_off else None) or self.now()

    def moved(self, to, by, contest=None, hours=None):
        ends_at = timezone.now() + timedelta(hours=hours) if hours else None
        move(contest or self.now(), to, by=self.organizers[by], reason="On.", ends_at=ends_at)

    @rule(to=st.sampled_from([S.RUN_OFF, S.PROVISIONAL, S.CLOSED, S.TALLIED, S.APPEAL]), of_run_off=st.booleans())
    def an_organizer_moves_one(self, to, of_run_off):
        self.or_nothing(CannotMove, lambda: self.moved(to, 0, self.either(of_run_off)))

    @rule(of_run_off=st.booleans())
    def an_organizer_reopens_one(self, of_run_off):
        self.or_nothing(CannotMove, lambda: self.moved(S.OPEN, 0, self.either(of_run_off), hours=40))

    @rule(by=st.sampled_from([0, 1]))
    def the_run_off_is_annulled(self, by):
        self.or_nothing(CannotMove, lambda: self.annul(self.either(True), by))

    def annul(self, contest, by=1):
        confirm_move(
            propose_move(contest, S.ANNULLED, by=self.organizers[0], reason="No more."), by=self.organizers[by]
        )

    @rule(
        place=st.sampled_from([0, 1, 2]),
        became=st.sampled_from([P.WITHDRAWN, P.SUSPENDED, P.DISQUALIFIED, P.COMPETING, P.COMPETING]),
        of_run_off=st.booleans(),
    )
    def something_becomes_of_an_entry(self, place, became, of_run_off):
        part = self.either(of_run_off).participations.filter(entry=self.entries[place]).first()
        if part:
            self.or_nothing(CannotChange, lambda: change_participation(part, became, reason="So it is."))

    @rule(pair=st.sampled_from([(0, 1), (1, 2), (2, 0)]))
    def somebody_votes(self, pair):
        slugs = [self.entries[n].slug for n in pair]
        run_off = self.run_off()
        if run_off and run_off.state == S.OPEN and set(slugs) <= self.states_in(run_off).keys():
            cast(run_off, *slugs, "a")

    @rule()
    def a_day_passes(self):
        for run_off in self.round.run_offs.all():
            for field in DATES:
                if getattr(run_off, field):
                    setattr(run_off, field, getattr(run_off, field) - timedelta(hours=25))
            run_off.save(update_fields=DATES)
            Gate.objects.filter(pk=run_off.gate_id, closes_at__isnull=False).update(closes_at=run_off.ends_at)
        keep_schedule()

    @invariant()
    def an_entry_is_the_same_in_the_round_and_in_its_run_off(self):
        run_off, contest = self.run_off(), self.now()
        if run_off is None:
            return
        theirs, its = self.states_in(contest), self.states_in(run_off)
        assert {slug: theirs[slug] for slug in its} == its

    @invariant()
    def a_run_off_is_where_its_round_lets_it_be(self):
        contest, counts = self.now(), self.round.run_offs.exclude(state=S.ANNULLED)
        assert counts.count() <= 1
        for run_off in counts:
            waits = (S.SCHEDULED, S.OPEN, S.CLOSED, S.TALLIED)
            assert run_off.state in {S.RUN_OFF: waits, S.OPEN: ()}.get(contest.state, (S.PROVISIONAL,))
        assert Round.objects.filter(state__in=LIVE).count() <= 1

    @invariant()
    def the_logs_join_and_what_is_for_good_is_of_two(self):
        for contest in Round.objects.filter(number=self.round.number):
            log = list(contest.transitions.all())
            assert [one.from_state for one in log] == ["", *(one.to_state for one in log[:-1])]
            assert contest.state == log[-1].to_state
            assert all(one.actor == "round" or one.by != one.confirmed_by for one in log if one.to_state == S.ANNULLED)

    def or_nothing(self, refusal, act):
        before = self.counted()
        try:
            act()
        except refusal:
            assert self.counted() == before

    def counted(self):
        rounds = list(Round.objects.filter(number=self.round.number).order_by("leg").values())
        changes = ParticipationChange.objects.filter(participation__round__number=self.round.number).count()
        return rounds, changes, Board.objects.count()

    def teardown(self):
        if self.now().state != S.ANNULLED:
            for contest in (self.now(), self.run_off()):
                asked = contest and waiting_proposal(contest)
                if asked:
                    withdraw_proposal(asked, by=asked.asked_by)
            self.annul(self.now())


@pytest.fixture
def field(transactional_db, worker):
    Course.entries = make_entries(worker, 4)
    Course.organizers = [
        User.objects.create(username=name, email=f"{name}@example.org", is_staff=True) for name in ("ahn", "bae")
    ]


def test_a_run_off_and_its_round_agree_whatever_course_they_take(field):
    TiedCourse.entries, TiedCourse.organizers = Course.entries[:3], Course.organizers
    run_state_machine_as_test(TiedCourse, settings=settings(COURSES, max_examples=6, stateful_step_count=25))


def test_no_course_skips_a_state_loses_a_vote_or_changes_an_edition(field):
    run_state_machine_as_test(Course, settings=settings(COURSES, max_examples=20, stateful_step_count=40))
