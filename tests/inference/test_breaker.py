"""A worker that keeps failing is left alone, tried by a question of ours, and asked again when it is well."""

from datetime import timedelta

import pytest
from django.utils import timezone

from arena.models import Battle
from inference import breaker
from inference.breaker import begin_trial, closed, count_failure, count_success, end_trial
from inference.models import Breaker, Worker
from inference.tasks import try_workers


@pytest.fixture
def alder(contest):
    return Worker.objects.get(entry__slug="alder")


def allows(worker_id):
    return closed(Worker.objects.filter(pk=worker_id)).exists()


def age(by):
    Breaker.objects.update(opened_at=timezone.now() - timedelta(seconds=by))


def entries_drawn(visitor, times):
    ids = [visitor.start().id for _ in range(times)]
    return set(Battle.objects.filter(id__in=ids).values_list("entry_a__slug", flat=True)) | set(
        Battle.objects.filter(id__in=ids).values_list("entry_b__slug", flat=True)
    )


def test_streams_that_break_shut_a_worker_and_its_entry_is_not_drawn_until_a_trial_succeeds(visitor, alder, worker):
    Worker.objects.exclude(entry__slug__in=["alder", "birch"]).update(healthy=False)
    shut = 0
    while not shut:
        assert visitor.start().ask("!die=2 one two three")[-1]["type"] == "void"
        shut = Breaker.objects.exclude(opened_at=None).count()
        assert Battle.objects.count() <= 2 * breaker.MOST_FAILURES
    assert visitor.post("/battles").json()["code"] == "nobody_to_draw"
    for _ in range(breaker.MOST_FAILURES):
        count_failure(alder.pk)
    Breaker.objects.exclude(pk=alder.pk).delete()
    Breaker.objects.update(openings=1)
    Worker.objects.update(healthy=True)
    assert "alder" not in entries_drawn(visitor, 12)

    worker.app.always = "status=503"
    age(20)
    try_workers()
    assert not allows(alder.pk)
    worker.app.always = ""
    age(20)
    try_workers()  # it failed again, and now rests for twice as long
    assert not allows(alder.pk)
    age(40)
    try_workers()
    assert allows(alder.pk)
    assert "alder" in entries_drawn(visitor, 12)


def test_one_trial_at_a_time_and_one_that_died_is_begun_anew(alder):
    for _ in range(breaker.MOST_FAILURES):
        count_failure(alder.pk)
    assert begin_trial() is None
    age(20)
    assert begin_trial() == alder
    assert begin_trial() is None
    Breaker.objects.update(trial_at=timezone.now() - timedelta(minutes=5))
    assert begin_trial() == alder
    end_trial(alder.pk, well=True)
    assert allows(alder.pk)
    count_failure(alder.pk)
    assert not allows(alder.pk)


def test_a_success_makes_up_for_a_failure_and_old_ones_are_forgotten(alder):
    for _ in range(4):
        count_failure(alder.pk)
        count_success(alder.pk)
    assert allows(alder.pk)
    for _ in range(breaker.MOST_FAILURES - 1):
        count_failure(alder.pk)
    Breaker.objects.update(failed_at=timezone.now() - timedelta(minutes=2))
    count_failure(alder.pk)
    assert allows(alder.pk)


@pytest.mark.parametrize("wish", ["!empty", "!status=400", "!status=413"])
def test_what_a_prompt_may_have_caused_shuts_nobody(visitor, wish):
    for _ in range(2 * breaker.MOST_FAILURES):
        assert visitor.start().ask(wish)[-1]["type"] == "void"
    assert not Breaker.objects.filter(failures__gt=0).exists()
