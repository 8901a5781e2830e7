"""A side that fails makes the battle void: said kindly, recorded, weighing nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from arena.battles import void_abandoned_turns
from arena.models import Battle, Turn, Vote
from inference.models import Worker
from inference.probing import probe_all
from tests.servers import wait_until
from tests.visitor import receive, send, texts, until_ended

FAULTS = {
    "!die=0": "broken",
    "!die=1": "broken",
    "!die=3 one two three": "broken",
    "!status=503": "rejected",
    "!status=404": "rejected",
    "!error=2 one two three": "rejected",
    "!rubbish": "rubbish",
    "!bytes": "rubbish",
    "!line": "rubbish",
    "!html": "rubbish",
    "!unfinished words": "broken",
    "!empty": "speechless",
    "!spent": "spent",
    "!silent": "silent",
    "!stall=1 one two": "stalled",
    "!endless !delay=0.01": "endless",
}


# What a worker that lets one wait runs into; the others are not hurried, however busy the machine is.
LIMITS = {"silent": "FIRST_TOKEN", "stalled": "IDLE", "endless": "TOTAL"}


@pytest.mark.parametrize(("prompt", "kind"), FAULTS.items())
def test_a_failing_side_makes_the_battle_void(visitor, settings, prompt, kind):
    if kind in LIMITS:
        setattr(settings, f"WORKER_{LIMITS[kind]}_SECONDS", 0.5)
    duel = visitor.start()
    last = duel.ask(prompt)[-1]
    assert last["type"] == "void"
    assert "your prompt is kept" in last["message"]
    assert "standin" not in last["message"]
    turn = Turn.objects.get()
    assert (turn.state, turn.fault) == ("void", kind)
    assert turn.fault_side in {"a", "b"}
    assert Worker.objects.filter(pk=getattr(turn, f"told_{turn.fault_side}")["worker_id"]).exists()
    state = duel.state()
    assert (state["state"], state["turns"][0]["prompt"], state["names"]) == ("void", prompt, None)
    assert duel.vote("a").json()["code"] == "battle_void"
    assert duel.ask("again")[-1]["code"] == "battle_void"
    assert not Vote.objects.exists()


def test_what_was_shown_of_a_void_turn_is_kept(visitor):
    duel = visitor.start()
    frames = duel.ask("!die=3 !delay=0.2 one two three four")
    assert texts(frames)["a"].startswith("!die=3")
    assert duel.state()["turns"][0]["a"] == texts(frames)["a"]


def test_an_unreachable_worker_is_out_until_a_probe_finds_it_well(visitor, worker):
    Worker.objects.update(url="http://127.0.0.1:9")
    assert visitor.start().ask("hi")[-1]["type"] == "void"
    assert Worker.objects.filter(healthy=False).count() >= 1
    assert Turn.objects.get().fault == "unreachable"
    Worker.objects.update(url=worker.url)
    probe_all()
    assert not Worker.objects.filter(healthy=False).exists()


def test_a_dead_worker_is_replaced_by_another_of_the_same_entry_before_the_first_words(visitor, worker):
    # The dead ones have the lower keys, so that an idle site asks them first.
    for row in list(Worker.objects.order_by("pk")):
        Worker.objects.filter(pk=row.pk).update(url="http://127.0.0.1:9")
        Worker.objects.create(entry=row.entry, url=worker.url, served_name=row.served_name, healthy=True, slots=100)
    assert visitor.start().ask("hello")[-1]["type"] == "ready"
    assert Worker.objects.filter(url="http://127.0.0.1:9", healthy=False).count() == 2
    names = {request["model"] for request in worker.app.requests}
    battle = Battle.objects.get()
    assert names == {battle.entry_a.slug, battle.entry_b.slug}


def test_a_turn_whose_process_died_is_void_with_the_shown_text_kept(visitor, settings):
    duel = visitor.start()
    duel.ask("hello")
    # What a killed process leaves behind: a turn that streams for ever.
    Turn.objects.update(state="streaming", ended_at=None)
    Turn.objects.update(started_at=timezone.now() - timedelta(seconds=200))
    assert void_abandoned_turns() == 1
    assert Battle.objects.get().state == "void"
    with duel.socket() as socket:
        send(socket, {"type": "resume", "after": 0})
        assert receive(socket)["type"] == "void"


def test_a_viewer_who_comes_back_to_a_dead_process_is_told(visitor, settings, contest):
    settings.ABANDON_SECONDS = 0.6
    duel = visitor.start()
    Turn.objects.create(battle_id=duel.id, number=1, prompt=[{"type": "text", "text": "hi"}])
    Turn.objects.update(started_at=timezone.now() - timedelta(seconds=20))
    with duel.socket() as socket:
        send(socket, {"type": "resume", "after": 0})
        assert until_ended(socket)[-1]["type"] == "void"
    wait_until(lambda: Turn.objects.get().fault == "interrupted")
