"""Votes in the second of freezing and of closing: each before or after by commit, and named or not accordingly."""

import threading
from itertools import cycle

import pytest
from django.db import connection

from arena.models import Battle, Turn, Vote, Voter, Winner
from arena.refusals import RoundClosed
from arena.voting import cast_vote
from inference.models import Entry
from leaderboard.editions import newest, served
from leaderboard.models import Actor, RoundState
from leaderboard.states import move
from leaderboard.tasks import fold_open_rounds
from tests.conftest import make_contest

VOTES = 40
PAIRS = (("alder", "birch"), ("birch", "cedar"), ("cedar", "dogwood"))


@pytest.fixture
def contest(transactional_db, worker):
    return make_contest(worker, 4, freeze_hours=24)


def votables(contest):
    """Battles as visitors leave them before the vote, each on a device of its own."""
    terms, entries = contest.gate.terms.get(), {entry.slug: entry for entry in Entry.objects.all()}
    made = []
    for _, (a, b) in zip(range(VOTES), cycle(PAIRS), strict=False):
        battle = Battle.objects.create(
            terms=terms, voter=Voter.objects.create(), entry_a=entries[a], entry_b=entries[b], propensity=0.1
        )
        turn = Turn.objects.create(battle=battle, number=1, prompt=[])
        Turn.objects.filter(pk=turn.pk).update(state="complete", ended_at=turn.started_at)
        made.append({"battle_id": battle.id, "voter_id": battle.voter_id, "winner": Winner.A})
    return made


class Crowd:
    """Four voters who vote on one battle after the other, and a beat that folds all the while."""

    def __init__(self, battles):
        self.answers, self.cast, self.over = {}, threading.Semaphore(0), threading.Event()
        self.voters = [threading.Thread(target=self.vote, args=[battles[n::4]]) for n in range(4)]
        self.folding = threading.Thread(target=self.beat)
        for thread in (*self.voters, self.folding):
            thread.start()

    def vote(self, battles):
        for battle in battles:
            try:
                self.answers[battle["battle_id"]] = cast_vote(**battle)
            except RoundClosed:
                self.answers[battle["battle_id"]] = None
            self.cast.release()
        connection.close()

    def beat(self):
        while not self.over.is_set():
            fold_open_rounds()
        connection.close()

    def wait_for(self, votes):
        for _ in range(votes):
            self.cast.acquire()

    def go_home(self):
        for thread in self.voters:
            thread.join()
        self.over.set()
        self.folding.join()


def test_each_vote_is_before_or_after_the_freeze_and_the_close(contest):
    why = {"by": Actor.COMMAND, "reason": "It is time."}
    crowd = Crowd(votables(contest))
    crowd.wait_for(VOTES // 4)
    move(contest, RoundState.FROZEN, **why)
    crowd.wait_for(VOTES // 4)
    move(contest, RoundState.CLOSED, **why)
    crowd.go_home()
    fold_open_rounds()

    answers = crowd.answers
    named = {battle for battle, said in answers.items() if said and said.names}
    unnamed = {battle for battle, said in answers.items() if said and not said.names}
    assert set(Vote.objects.values_list("battle_id", flat=True)) == named | unnamed
    assert set(Vote.objects.filter(in_freeze=False).values_list("battle_id", flat=True)) == named
    frozen, final = served(contest.series), newest(contest.series)
    assert (frozen.votes, final.votes) == (len(named), len(named | unnamed))
    known = set(Vote.objects.filter(position__lte=frozen.position).values_list("battle_id", flat=True))
    assert known == named
    assert len(named) >= VOTES // 4
    assert len(answers) == VOTES
