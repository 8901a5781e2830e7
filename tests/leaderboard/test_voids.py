"""The ledger of failures: public rates, every failure for organizers, and an alarm that chance seldom rings."""

import re

from django.utils import timezone

from arena.models import Battle, Terms, Turn, Voter
from inference.models import Entry, Worker
from inference.standin import Standin
from leaderboard.exposure import exposure
from leaderboard.needs import Kind, needs
from leaderboard.voids import failures
from tests.servers import serving


def fail(contest, who, against, times, kind="broken"):
    """`who` could not answer in so many battles against the other, on both sides by turns."""
    entries = {entry.slug: entry for entry in Entry.objects.all()}
    terms, voter = Terms.objects.get(gate=contest.gate), Voter.objects.get_or_create()[0]
    for number in range(times):
        sides = (who, against) if number % 2 else (against, who)
        a, b = (entries[slug] for slug in sides)
        battle = Battle.objects.create(terms=terms, voter=voter, entry_a=a, entry_b=b, propensity=0.5, state="void")
        side = "a" if sides[0] == who else "b"
        told = {f"told_{side}": {"tokens": 7, "worker_id": 3}}
        Turn.objects.create(
            battle=battle,
            number=1,
            state="void",
            prompt=[],
            fault=kind,
            fault_side=side,
            ended_at=timezone.now(),
            **told,
        )


def alarms():
    return [need.about for need in needs() if need.kind == Kind.FAILS]


def test_a_failure_is_on_record_with_its_tokens_and_its_opponent(visitor, contest):
    with serving(Standin(always="die=2")) as url:
        Worker.objects.filter(entry__slug="alder").update(url=url)
        Worker.objects.filter(entry__slug__in=["cedar", "dogwood"]).update(healthy=False)
        assert visitor.start().ask("one two three")[-1]["type"] == "void"
    (row,) = failures(contest, 10)
    assert (row.entry.slug, row.against.slug, row.kind, row.tokens) == ("alder", "birch", "broken", 2)
    assert row.worker == Worker.objects.get(entry__slug="alder").pk


def test_how_often_each_fails_is_public(visitor, contest):
    fail(contest, "alder", "birch", 3)
    told = {entry["slug"]: entry for entry in visitor.http.get("/api/v1/rounds/1/exposure").json()["entries"]}
    assert [told[slug]["failed"] for slug in ("alder", "birch", "cedar")] == [3, 0, 0]
    assert 0.4 < told["alder"]["failed_low"] < told["alder"]["failed_high"] == 1
    assert re.search(r"3 <span class=\"hint\">100\.0 %", visitor.http.get("/rounds/1/exposure").text)


def test_who_fails_more_often_than_those_it_meets_is_an_alarm(contest, organizer):
    fail(contest, "birch", "cedar", 6)
    fail(contest, "cedar", "birch", 6)
    fail(contest, "alder", "birch", 11)
    assert alarms() == []  # with four models, chance would make such a row in one round of fifty
    fail(contest, "alder", "cedar", 1, kind="spent")
    assert alarms() == ["Alder (12 : 0)"]
    ada = organizer()
    words = "A model fails more often in Round 1 than those it meets: Alder (12 : 0)."
    assert words in ada.get("/console/").content.decode()
    page = ada.get("/console/rounds/1/voids").content.decode()
    assert page.count("data-alarm") == 1
    assert page.count('data-kind="broken"') == 23
    assert "spent all its tokens on thoughts" in page
    assert "More often than those it meets:" in page


def test_a_visitor_who_stops_fails_nobody(contest):
    fail(contest, "alder", "birch", 2)
    Turn.objects.update(fault="stopped", fault_side="")
    assert failures(contest, 10) == []
    assert {entry["failed"] for entry in exposure("1")["entries"]} == {0}
