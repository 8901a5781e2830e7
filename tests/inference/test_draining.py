"""Workers out of service: nobody new comes to them, what is under way is finished, and then they are drained."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from inference.draining import WorkerState, drain, drained_after, in_service, resume, states
from inference.faults import NoWorker
from inference.models import Drain, DrainCause, Worker
from inference.probing import probe_all
from tests.inference.test_routing import taken, workers  # noqa: F401  a fixture
from tests.servers import wait_until
from tests.visitor import prompted, until_ended


def age(by: timedelta) -> None:
    Drain.objects.update(began_at=timezone.now() - by)


def state_of(worker: Worker) -> WorkerState:
    return states(Worker.objects.all())[worker.pk]


def test_a_worker_out_of_service_is_not_asked_while_another_is_in_service(workers):  # noqa: F811
    first, second = workers
    drain([first], DrainCause.TEAM)
    assert taken(first.entry_id, 4) == [second.pk] * 4
    assert (state_of(first), state_of(second)) == (WorkerState.DRAINING, WorkerState.IN_SERVICE)
    resume([first], DrainCause.TEAM)
    assert first.pk in taken(first.entry_id, 6)


def test_the_last_worker_of_an_entry_finishes_its_battles_and_then_is_asked_no_more(workers):  # noqa: F811
    first, second = workers
    drain(workers, DrainCause.CONTEST)
    assert set(taken(first.entry_id, 6)) == {first.pk, second.pk}
    age(timedelta(minutes=6))
    with pytest.raises(NoWorker):
        taken(first.entry_id, 1)
    # A reply that began in its last second may still be speaking.
    assert state_of(first) == WorkerState.DRAINING
    age(drained_after() + timedelta(seconds=1))
    assert state_of(first) == WorkerState.DRAINED


def test_an_entry_whose_workers_are_out_of_service_is_not_drawn(visitor, contest):
    drain(Worker.objects.filter(entry__slug__in=["alder", "birch"]), DrainCause.CONTEST)
    for _ in range(6):
        duel = visitor.start()
        duel.ask("hi")
        assert {side["slug"] for side in duel.vote("a").json()["names"].values()} == {"cedar", "dogwood"}
    drain(Worker.objects.all(), DrainCause.CONTEST)
    assert visitor.post("/battles").json()["code"] == "nobody_to_draw"


def test_a_stream_under_way_ends_whole_though_its_workers_are_taken_out_of_service(visitor, contest, worker):
    duel = visitor.start()
    with duel.socket() as socket:
        prompted(socket, "!words=40 !delay=0.02")
        wait_until(lambda: worker.app.open_streams == 2)
        drain(Worker.objects.all(), DrainCause.CONTEST)
        assert until_ended(socket)[-1]["type"] == "ready"
    # And the battle goes on: its next question finds the same workers.
    assert duel.ask("and then?")[-1]["type"] == "ready"
    assert duel.vote("tie").status_code == 201


def test_each_cause_holds_a_worker_by_itself(workers):  # noqa: F811
    first, _ = workers
    drain([first], DrainCause.TEAM)
    drain([first], DrainCause.CONTEST)
    drain([first], DrainCause.CONTEST)
    resume([first], DrainCause.TEAM)
    assert not in_service(Worker.objects.filter(pk=first.pk)).exists()
    resume([first], DrainCause.CONTEST)
    assert in_service(Worker.objects.filter(pk=first.pk)).exists()
    assert Drain.objects.filter(worker=first).count() == 2


def test_the_database_holds_one_drain_of_a_cause(workers):  # noqa: F811
    Drain.objects.create(worker=workers[0], cause="team")
    with pytest.raises(IntegrityError), transaction.atomic():
        Drain.objects.create(worker=workers[0], cause="team")
    with pytest.raises(IntegrityError), transaction.atomic():
        Drain.objects.create(worker=workers[0], cause="mood")


def test_a_worker_out_of_service_is_asked_for_its_health_all_the_same(workers):  # noqa: F811
    first, second = workers
    drain(workers, DrainCause.CONTEST)
    Worker.objects.update(healthy=False)
    probe_all()
    first.refresh_from_db()
    assert (first.healthy, Worker.objects.get(pk=second.pk).healthy) == (True, False)


def test_places_dealt_to_a_worker_are_used_as_its_own(workers):  # noqa: F811
    first, second = workers
    Worker.objects.filter(pk=first.pk).update(dealt=2)
    chosen = taken(first.entry_id, 8)
    assert (chosen.count(first.pk), chosen.count(second.pk)) == (4, 4)
