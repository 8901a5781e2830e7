"""How rounds and run-offs are addressed and ordered."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from arena.models import Gate
from leaderboard.boards import all_series, current_series
from leaderboard.keys import rounds_by
from leaderboard.models import Board, Round, Series
from leaderboard.rulebook import Rulebook


def leg_of(contest, leg, state="final", **changes):
    """A run-off as it lies in the database, with a board of nothing."""
    key = f"round-{contest.number}-run-off-{leg}"
    row = Round.objects.create(
        number=contest.number, leg=leg, state=state, draft=Rulebook().canonical(),
        opens_at=(now := timezone.now()), ends_at=now + timedelta(days=1),
        **{"run_off_of": contest, "gate": Gate.objects.create(key=key, is_open=False),
           "series": Series.objects.create(slug=key, title=key)} | changes,
    )  # fmt: skip
    Board.objects.create(series=row.series, number=1, position=0, votes=0)
    return row


def test_a_round_and_its_run_offs_have_a_key_each(contest):
    assert contest.key == "1"
    assert [(leg_of(contest, leg, state="annulled").key) for leg in (1, 2, 12)] == [
        "1-run-off", "1-run-off-2", "1-run-off-12",
    ]  # fmt: skip
    for row in Round.objects.all():
        assert rounds_by(row.key).get() == row


@pytest.mark.parametrize(
    "key", ["", "0", "01", "1-", "1-run-off-1", "1-run-off-0", "1-run-off-", "1 ", "１", "-1", "1\0"]
)
def test_what_is_no_key_names_no_round(contest, key):
    leg_of(contest, 1)
    assert not rounds_by(key).exists()


def test_the_addresses_of_a_round_go_by_its_key(contest):
    run_off, client = leg_of(contest, 1), Client()
    for path in ("/rounds/{}", "/rounds/{}/rules", "/api/v1/rounds/{}/days", "/api/v1/rounds/{}/exposure"):
        assert client.get(path.format("1")).status_code == 200
        for nobodys in ("2", "01", "1-run-off-2", "1-run-off-1", "99999"):
            assert client.get(path.format(nobodys)).status_code == 404
    told = client.get("/api/v1/rounds/1-run-off").json()
    assert (told["round"], told["key"], told["series"]) == (1, "1-run-off", run_off.series.slug)
    assert client.get("/api/v1/rounds/1").json()["key"] == "1"
    for link in ("/rounds/1/rules", "/rounds/1/figures", "/rounds/1/exposure", "/board?series=round-1"):
        assert link in client.get("/rounds/1").content.decode()


def test_run_offs_come_after_their_round_and_before_the_next(contest):
    run_off = leg_of(contest, 1)
    Round.objects.filter(pk=contest.pk).update(state="final")
    assert current_series() == run_off.series
    told = Client().get("/api/v1/board?series=round-1").json()["round"]
    assert (told["key"], told["next"]) == ("1", run_off.series.slug)
    assert [one["slug"] for one in all_series()] == [run_off.series.slug, "round-1"]


def test_the_database_keeps_legs_and_rounds_apart(contest):
    leg_of(contest, 1, state="tallied")
    for leg, changes in ((1, {"state": "annulled"}), (2, {}), (2, {"run_off_of": None}), (0, {})):
        with pytest.raises(IntegrityError), transaction.atomic():
            leg_of(contest, leg, **{"state": "tallied"} | changes)
    Round.objects.filter(leg=1).update(state="annulled")
    leg_of(contest, 2, state="tallied")
