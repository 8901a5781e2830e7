"""Which worker answers: the least loaded healthy one of the entry."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from inference.faults import Busy, NoWorker
from inference.line import close_line, line, slot
from inference.models import Worker
from inference.probing import probe_all
from inference.tasks import probe_workers


@pytest.fixture
def workers(contest):
    """Two workers of Alder: one with room for two replies, one for four."""
    first = Worker.objects.get(entry__slug="alder")
    first.slots = 2
    first.save()
    second = Worker.objects.create(entry=first.entry, url="http://127.0.0.1:1", served_name="b", slots=4, healthy=True)
    return first, second


def run(coroutine):
    """In a loop of its own, whose line holds nothing at the end."""

    async def and_close():
        try:
            return await coroutine
        finally:
            held = dict(line().holds)
            await close_line()
            assert held == {}

    return asyncio.run(and_close())


def taken(entry_id, times):
    """The workers chosen for so many replies at once."""

    async def take():
        async with AsyncExitStack() as held:
            return [(await held.enter_async_context(slot(entry_id))).pk for _ in range(times)]

    return run(take())


def test_replies_go_by_the_share_of_slots_in_use(workers):
    first, second = workers
    chosen = taken(first.entry_id, 6)
    assert (chosen.count(first.pk), chosen.count(second.pk)) == (2, 4)


def test_no_worker_is_ever_above_its_slots(workers, settings):
    settings.WORKER_QUEUE_SECONDS = 0.2
    with pytest.raises(Busy):
        taken(workers[0].entry_id, 7)


def test_an_unhealthy_worker_is_not_asked(workers):
    first, second = workers
    Worker.objects.filter(pk=first.pk).update(healthy=False)
    assert taken(first.entry_id, 3) == [second.pk] * 3
    Worker.objects.update(healthy=False)
    with pytest.raises(NoWorker):
        taken(first.entry_id, 1)


def test_a_waiting_reply_gets_the_next_free_slot(workers):
    first, second = workers
    Worker.objects.filter(pk=second.pk).delete()

    async def wait_for_one():
        async with slot(first.entry_id), slot(first.entry_id):
            waiting = asyncio.create_task(one_more())
            await asyncio.sleep(0.1)
            assert not waiting.done()
        return await waiting

    async def one_more():
        async with slot(first.entry_id) as worker:
            return worker.pk

    assert run(wait_for_one()) == first.pk


def test_a_probe_tells_the_well_from_the_dead(workers, worker):
    first, second = workers
    Worker.objects.update(healthy=False)
    probe_workers()
    assert Worker.objects.get(pk=first.pk).healthy
    assert not Worker.objects.get(pk=second.pk).healthy
    Worker.objects.filter(pk=first.pk).update(url=f"{worker.url}/nowhere")
    probe_all()
    assert not Worker.objects.get(pk=first.pk).healthy
    assert Worker.objects.get(pk=first.pk).checked_at is not None
