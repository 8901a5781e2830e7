"""Where voting and closing meet, with transactions that really overlap."""

import threading
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

from arena.gates import close_gate
from arena.models import Battle, Gate, Turn, Vote, Voter, Winner
from arena.refusals import RoundClosed
from arena.sequence import sweep
from arena.voting import cast_vote
from inference.models import Entry
from tests.leaderboard.test_folding import cast
from tests.servers import PATIENCE


def in_thread(work):
    def run():
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def votable(contest):
    """A battle as a visitor leaves it before the vote, on a device of its own."""
    battle = Battle.objects.create(
        terms=contest.gate.terms.get(),
        voter=Voter.objects.create(),
        entry_a=Entry.objects.get(slug="alder"),
        entry_b=Entry.objects.get(slug="birch"),
        propensity=0.1,
    )
    Turn.objects.create(battle=battle, number=1, state="complete", prompt=[], ended_at=timezone.now())
    return {"battle_id": battle.id, "voter_id": battle.voter_id, "winner": Winner.A}


def test_closing_waits_for_the_votes_under_way(contest):
    battle = votable(contest)
    inside, slowly, seen_at_close = threading.Event(), threading.Event(), []

    def vote():
        with transaction.atomic():
            cast_vote(**battle)
            inside.set()
            slowly.wait(0.5)

    def close():
        close_gate(contest.gate_id)
        seen_at_close.append(Vote.objects.count())

    voting = in_thread(vote)
    assert inside.wait(PATIENCE)
    closing = in_thread(close)
    voting.join()
    closing.join()
    assert seen_at_close == [1]


def test_a_vote_that_waited_for_the_close_is_refused(contest):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one writer in at a time, whatever the gate says")
    battle = votable(contest)
    closed, finish, answers = threading.Event(), threading.Event(), []

    def close():
        with transaction.atomic():
            close_gate(contest.gate_id)
            closed.set()
            finish.wait(0.5)

    def vote():
        with pytest.raises(RoundClosed):
            cast_vote(**battle)
        answers.append("refused")

    closing = in_thread(close)
    assert closed.wait(PATIENCE)
    voting = in_thread(vote)
    closing.join()
    voting.join()
    assert answers == ["refused"]
    assert not Vote.objects.exists()


def test_many_votes_pass_an_open_gate_together(contest):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one writer in at a time, whatever the gate says")
    battles = [votable(contest), votable(contest)]
    both_inside = threading.Barrier(2, timeout=PATIENCE)

    def vote(battle):
        with transaction.atomic():
            cast_vote(**battle)
            both_inside.wait()

    voters = [in_thread(partial(vote, battle)) for battle in battles]
    for voter in voters:
        voter.join()
    assert not both_inside.broken
    assert Vote.objects.count() == 2


def test_nothing_passes_a_closed_gate(contest):
    battle = votable(contest)
    assert close_gate(contest.gate_id)
    with pytest.raises(RoundClosed):
        cast_vote(**battle)
    assert not close_gate(contest.gate_id)
    assert not Gate.objects.get().is_open


def test_a_vote_that_commits_late_gets_the_next_position(contest):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite commits in the order of ids")
    inserted, finish = threading.Event(), threading.Event()

    def vote_slowly():
        with transaction.atomic():
            late.append(cast(contest, "alder", "birch", "a").pk)
            inserted.set()
            finish.wait(PATIENCE)

    late: list[int] = []
    slow = in_thread(vote_slowly)
    assert inserted.wait(PATIENCE)
    early = cast(contest, "alder", "birch", "b")
    assert early.pk > late[0]
    assert sweep(contest.gate_id) == 1
    finish.set()
    slow.join()
    assert sweep(contest.gate_id) == 2
    assert dict(Vote.objects.values_list("pk", "position")) == {early.pk: 1, late[0]: 2}
