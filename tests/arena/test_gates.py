"""Where voting and closing meet, with transactions that really overlap."""

import threading

import pytest
from django.db import connection, transaction

from arena.gates import close_gate, pass_gate
from arena.models import Gate, Vote
from arena.sequence import sweep
from tests.leaderboard.test_folding import cast


def in_thread(work):
    def run():
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_closing_waits_for_the_votes_under_way(contest):
    inside, seen_at_close = threading.Event(), []

    def vote():
        with transaction.atomic():
            assert pass_gate(contest.gate_id)
            inside.set()
            slowly.wait(0.5)
            cast(contest, "alder", "birch", "a")

    def close():
        close_gate(contest.gate_id)
        seen_at_close.append(Vote.objects.count())

    slowly = threading.Event()
    voting = in_thread(vote)
    assert inside.wait(5)
    closing = in_thread(close)
    voting.join()
    closing.join()
    assert seen_at_close == [1]


def test_many_votes_pass_an_open_gate_together(contest):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one writer in at a time, whatever the gate says")
    both_inside = threading.Barrier(2, timeout=5)

    def vote():
        with transaction.atomic():
            pass_gate(contest.gate_id)
            both_inside.wait()

    voters = [in_thread(vote) for _ in range(2)]
    for voter in voters:
        voter.join()
    assert not both_inside.broken


def test_nothing_passes_a_closed_gate(contest):
    assert close_gate(contest.gate_id)
    with transaction.atomic():
        assert not pass_gate(contest.gate_id)
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
            finish.wait(5)

    late: list[int] = []
    slow = in_thread(vote_slowly)
    assert inserted.wait(5)
    early = cast(contest, "alder", "birch", "b")
    assert early.pk > late[0]
    assert sweep(contest.gate_id) == 1
    finish.set()
    slow.join()
    assert sweep(contest.gate_id) == 2
    assert dict(Vote.objects.values_list("pk", "position")) == {early.pk: 1, late[0]: 2}
