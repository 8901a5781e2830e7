"""One vote a battle, ten counted a round, whatever is clicked."""

import threading
from collections import Counter
from itertools import combinations
from random import Random

import pytest
from django.db import IntegrityError, transaction

from arena.drawing import draw_pair, pair_cap
from arena.gates import close_gate
from arena.models import Battle, Vote
from inference.models import Worker
from tests.visitor import prompted, receive, send


def voted(visitor, winner="a"):
    duel = visitor.start()
    duel.ask("hi")
    return duel.vote(winner)


def test_the_same_vote_again_gets_the_same_bytes(visitor):
    duel = visitor.start()
    duel.ask("hi")
    first, again = duel.vote("both_bad"), duel.vote("both_bad")
    assert (again.status_code, again.content) == (201, first.content)
    assert Vote.objects.count() == 1


def test_another_verdict_is_refused(visitor):
    duel = visitor.start()
    duel.ask("hi")
    duel.vote("a")
    refused = duel.vote("b")
    assert (refused.status_code, refused.json()["code"]) == (409, "already_voted")
    assert Vote.objects.get().winner == "a"


def test_fifty_clicks_at_once_are_one_vote_with_identical_replies(visitor):
    duel = visitor.start()
    duel.ask("hi")
    replies = []
    clicks = [threading.Thread(target=lambda: replies.append(duel.vote("tie"))) for _ in range(50)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.content for reply in replies}) == 1
    assert Vote.objects.count() == 1


def test_two_verdicts_at_once_are_one_vote(visitor):
    duel = visitor.start()
    duel.ask("hi")
    replies = []
    clicks = [threading.Thread(target=lambda w=w: replies.append(duel.vote(w))) for w in "abababab"]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert Counter(reply.status_code for reply in replies) == {201: 4, 409: 4}
    assert Vote.objects.count() == 1


@pytest.mark.parametrize("winner", ["left", "A", "", None, 1, ["a"], {"a": 1}])
def test_an_unknown_winner_is_refused(visitor, winner):
    duel = visitor.start()
    duel.ask("hi")
    refused = duel.vote(winner)
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown_winner")
    assert not Vote.objects.exists()


def test_a_body_that_is_no_object_is_refused(visitor):
    duel = visitor.start()
    headers = {"X-CSRFToken": visitor.http.cookies["csrftoken"], "Origin": visitor.base}
    for body in (b"[]", b"{", b"\xff", b'"a"', b"[" * 50_000, b"x" * 100_000):
        answer = visitor.http.post(f"/battles/{duel.id}/vote", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_a_vote_before_both_answers_is_refused(visitor):
    duel = visitor.start()
    assert duel.vote("a").json()["code"] == "nothing_to_vote_on"
    with duel.socket() as socket:
        prompted(socket, "!endless !delay=0.05")
        receive(socket)
        assert duel.vote("a").json()["code"] == "nothing_to_vote_on"
        send(socket, {"type": "stop"})
    assert not Vote.objects.exists()


def test_ten_votes_count_spread_over_the_pairs_and_later_ones_are_kept(visitor):
    receipts = [voted(visitor).json() for _ in range(12)]
    assert [receipt["counted"] for receipt in receipts] == [True] * 10 + [False] * 2
    assert visitor.http.get("/visitor").json() == {"counted": 10, "cap": 10, "round": "round-1"}
    counted = Vote.objects.filter(counted_as__isnull=False)
    pairs = Counter(frozenset(pair) for pair in counted.values_list("battle__entry_a", "battle__entry_b"))
    assert max(pairs.values()) <= pair_cap(10, 4) == 2
    assert Vote.objects.count() == 12


def test_a_third_vote_on_one_pair_does_not_count(visitor):
    """The draw avoids it; a voter with open battles in other tabs can still get there."""
    duels = [visitor.start() for _ in range(3)]
    one, other = Battle.objects.values_list("entry_a", "entry_b").first()
    for duel in duels:
        duel.ask("hi")
        Battle.objects.filter(id=duel.id).update(entry_a=one, entry_b=other)
    assert [duel.vote("a").json()["counted"] for duel in duels] == [True, True, False]


def test_two_tabs_cannot_both_cast_the_tenth_counted_vote(visitor, contest):
    contest.gate.terms.update(voter_cap=1)
    duels = [visitor.start() for _ in range(4)]
    for duel in duels:
        duel.ask("hi")
    receipts = []
    clicks = [threading.Thread(target=lambda d=duel: receipts.append(d.vote("a").json())) for duel in duels]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert sorted(receipt["counted"] for receipt in receipts) == [False, False, False, True]


def test_the_database_refuses_a_second_vote_and_a_second_tenth(visitor):
    voted(visitor)
    vote = Vote.objects.get()
    twin = {"gate": vote.gate, "voter": vote.voter, "winner": "a"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Vote.objects.create(battle=vote.battle, **twin)
    visitor.start()
    other = Battle.objects.exclude(id=vote.battle_id).get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Vote.objects.create(battle=other, counted_as=vote.counted_as, **twin)
    with pytest.raises(IntegrityError), transaction.atomic():
        Vote.objects.create(battle=other, **(twin | {"winner": "left"}))


def test_a_vote_after_the_close_is_refused(visitor, contest):
    duel = visitor.start()
    duel.ask("hi")
    assert close_gate(contest.gate_id)
    assert duel.vote("a").json()["code"] == "round_closed"
    assert visitor.post("/battles").json()["code"] == "no_open_round"
    assert not Vote.objects.exists()


def test_names_wait_for_the_close_where_the_terms_say_so(visitor, contest):
    contest.gate.terms.update(reveal="close")
    duel = visitor.start()
    duel.ask("hi")
    first = duel.vote("a")
    assert first.json()["names"] is None
    assert duel.state()["names"] is None
    close_gate(contest.gate_id)
    assert set(duel.state()["names"]) == {"a", "b"}
    assert duel.vote("a").content == first.content


def test_pairs_are_drawn_evenly_on_both_sides_with_the_probability_said():
    random, drawn = Random(7), Counter()
    weights = {1: 1.0, 2: 1.0, 3: 2.0}
    for _ in range(6000):
        draw = draw_pair(weights, spent=[], cap=10, random=random)
        drawn[draw.a, draw.b] += 1
        product = weights[draw.a] * weights[draw.b]
        assert draw.propensity == product / (2 + 2 + 1) / 2
    for a, b in combinations(weights, 2):
        expected = 6000 * weights[a] * weights[b] / 5 / 2
        assert abs(drawn[a, b] - expected) < 5 * expected**0.5
        assert abs(drawn[b, a] - expected) < 5 * expected**0.5


def test_nobody_is_drawn_who_cannot_answer(visitor, contest):
    Worker.objects.filter(entry__slug__in=["alder", "birch"]).update(healthy=False)
    for _ in range(5):
        visitor.start()
    shown = set(Battle.objects.values_list("entry_a__slug", flat=True))
    assert shown | set(Battle.objects.values_list("entry_b__slug", flat=True)) == {"cedar", "dogwood"}
    Worker.objects.filter(entry__slug="cedar").update(healthy=False)
    answer = visitor.post("/battles")
    assert (answer.status_code, answer.json()["code"]) == (503, "nobody_to_draw")
    assert answer.headers["Retry-After"] == "60"
