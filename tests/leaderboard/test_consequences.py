"""What follows from a final result: servers drain, places pass on, votes stay; and all of it can be taken back."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import translation

from accounts.models import Action, User
from inference.draining import in_service
from inference.models import Worker
from leaderboard.boards import board
from leaderboard.consequences import carry_out, read_only_since, shares, take_back
from leaderboard.fold import fold
from leaderboard.models import Actor, Consequence, ParticipationState, Round, RoundState
from leaderboard.participations import change_participation
from leaderboard.rounds import close_round, open_following_round
from leaderboard.signing import confirm_move, propose_move
from leaderboard.states import move
from tests.leaderboard.test_participations import ladder, part

SLUGS = ("alder", "birch", "cedar", "dogwood")


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def two(transactional_db):
    return [
        User.objects.create(username=name, email=f"{name}@example.org", is_staff=True, is_active=True)
        for name in ("ahn", "bae")
    ]


def by_two(contest, to, two):
    ahn, bae = two
    confirm_move(propose_move(contest, to, by=ahn, reason="As agreed."), by=bae)
    contest.refresh_from_db()


def finish(contest, two):
    """Published and final, after its days for appeals."""
    contest.refresh_from_db()
    if contest.state != RoundState.PROVISIONAL:
        close_round(contest)
    move(contest, RoundState.APPEAL, by=Actor.COMMAND, reason="As agreed.")
    contest.refresh_from_db()
    contest.appeals_end_at -= timedelta(days=30)
    contest.save(update_fields=["appeals_end_at"])
    by_two(contest, RoundState.FINAL, two)


def at(hosts: dict[str, str], slots: int = 8) -> None:
    """Who is served by which machine."""
    for slug, host in hosts.items():
        Worker.objects.filter(entry__slug=slug).update(url=f"http://{host}:9000", slots=slots)


def places() -> dict[str, int]:
    """What may be asked at once of each entry that is in service."""
    workers = in_service(Worker.objects.all()).select_related("entry").order_by("entry__slug")
    return {worker.entry.slug: worker.places for worker in workers}


def cut(contest, *order):
    ladder(contest, *order)
    fold(contest)


def test_nothing_follows_before_the_result_is_final(contest, two):
    at(dict.fromkeys(SLUGS, "machine"))
    cut(contest, *SLUGS)
    close_round(contest)
    assert places() == dict.fromkeys(SLUGS, 8)
    assert not Consequence.objects.exists()


def test_the_places_of_who_is_out_pass_to_the_survivors_on_the_machine(contest, two):
    at(dict.fromkeys(SLUGS, "machine"))
    cut(contest, *SLUGS)
    finish(contest, two)
    assert places() == {"alder": 11, "birch": 11, "cedar": 10}
    assert [(row.action, row.details) for row in Action.objects.filter(action__startswith="consequences")] == [
        ("consequences.settled", {"drained": 1, "resumed": 0})
    ]


def test_where_no_machine_is_shared_nothing_is_dealt(client, contest, two):
    at({"alder": "one", "birch": "one", "cedar": "two", "dogwood": "three"})
    cut(contest, *SLUGS)
    finish(contest, two)
    assert places() == {"alder": 8, "birch": 8, "cedar": 8}
    page = client.get("/entries/dogwood", headers={"Accept-Language": "en"}).content.decode()
    assert "Its servers take no more battles" in page
    assert "No survivor shares a machine with it: its places pass to nobody." in page


def test_an_annulled_round_gives_everything_back_exactly(client, contest, two):
    at(dict.fromkeys(SLUGS, "machine"))
    cut(contest, *SLUGS)
    finish(contest, two)
    # The operator has raised a limit meanwhile: that is not undone.
    Worker.objects.filter(entry__slug="alder").update(slots=20)
    assert read_only_since(part("dogwood").team)
    by_two(contest, RoundState.ANNULLED, two)
    assert places() == {"alder": 20, "birch": 8, "cedar": 8, "dogwood": 8}
    assert not Worker.objects.exclude(dealt=0).exists()
    assert read_only_since(part("dogwood").team) is None
    assert Consequence.objects.filter(taken_back_at=None).count() == 0
    page = client.get("/entries/dogwood", headers={"Accept-Language": "en"}).content.decode()
    assert "Its servers are back in service." in page


def test_a_machine_is_never_asked_for_more_than_before_whatever_is_taken_back(contest, two):
    at(dict.fromkeys(SLUGS, "machine"), slots=7)
    cut(contest, *SLUGS)
    close_round(contest)
    second = open_following_round(contest)
    finish(contest, two)
    assert places() == {"alder": 10, "birch": 9, "cedar": 9}
    cut(second, "alder", "birch", "cedar")
    finish(second, two)
    assert places() == {"alder": 15, "birch": 13}
    take_back(contest)
    assert places() == {"alder": 11, "birch": 10, "dogwood": 7}
    carry_out(contest)
    assert places() == {"alder": 15, "birch": 13}
    take_back(second)
    assert places() == {"alder": 10, "birch": 9, "cedar": 9}


def test_doing_it_twice_does_nothing_more(contest, two):
    at(dict.fromkeys(SLUGS, "machine"))
    cut(contest, *SLUGS)
    finish(contest, two)
    done = list(Consequence.objects.values())
    carry_out(contest)
    assert list(Consequence.objects.values()) == done


def test_a_ruling_that_lets_one_of_two_stay_restores_that_one_alone(contest, two):
    at(dict.fromkeys(SLUGS, "machine"))
    change_participation(part("cedar"), ParticipationState.DISQUALIFIED, reason="It was another model.")
    cut(contest, *SLUGS)
    finish(contest, two)
    assert places() == {"alder": 16, "birch": 16}
    part("dogwood").__class__.objects.filter(entry__slug="dogwood").update(state="competing")
    carry_out(contest)
    assert places() == {"alder": 11, "birch": 11, "dogwood": 10}
    assert read_only_since(part("cedar").team)
    assert read_only_since(part("dogwood").team) is None


def test_who_is_entered_again_is_served_again(contest, two):
    at(dict.fromkeys(SLUGS, "machine"))
    cut(contest, *SLUGS)
    finish(contest, two)
    from leaderboard.rounds import open_round  # noqa: PLC0415  beside what it tells

    everybody = [part(slug).entry for slug in SLUGS]
    open_round(everybody, ends_at=contest.ends_at + timedelta(days=9))
    assert places() == dict.fromkeys(SLUGS, 8)


def test_old_votes_stay_as_anchors_in_their_round_and_count_in_no_other(contest, two):
    cut(contest, *SLUGS)
    before = {row["slug"]: (row["rating"], row["votes"]) for row in board("round-1")["standings"]}
    close_round(contest)
    second = open_following_round(contest)
    finish(contest, two)
    cut(second, "alder", "birch", "cedar")
    close_round(second)
    after = {row["slug"]: (pytest.approx(row["rating"]), row["votes"]) for row in board("round-1")["standings"]}
    assert after == before
    assert before["dogwood"][1] == 20
    # Of Cedar's 40 votes 20 were on who is out, and they hold its rating in the first round still.
    assert {row["slug"]: row["votes"] for row in board("round-2")["standings"]} == {
        "alder": 20, "birch": 40, "cedar": 20,
    }  # fmt: skip


def test_what_was_done_is_never_rewritten(contest, two):
    cut(contest, *SLUGS)
    finish(contest, two)
    for change in ({"places": 3}, {"url": "http://other"}, {"effect": "dealt"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Consequence.objects.update(**change)
    take_back(contest)
    with pytest.raises(DatabaseError), transaction.atomic():
        Consequence.objects.update(taken_back_at=None)
    Worker.objects.filter(entry__slug="dogwood").delete()
    assert Consequence.objects.filter(entry__slug="dogwood", worker=None).exclude(url="").exists()


def test_who_has_withdrawn_keeps_its_servers(contest, two):
    at(dict.fromkeys(SLUGS, "machine"))
    change_participation(part("dogwood"), ParticipationState.WITHDRAWN, reason="The team gives up.")
    cut(contest, *SLUGS)
    finish(contest, two)
    assert places() == {"alder": 12, "birch": 12, "dogwood": 8}
    assert Round.objects.get().state == "final"


@pytest.mark.parametrize(("free", "among", "dealt"), [(8, 3, [3, 3, 2]), (2, 3, [1, 1, 0]), (4, 0, []), (0, 2, [0, 0])])
def test_places_are_dealt_evenly_and_wholly(free, among, dealt):
    assert shares(free, among) == dealt
