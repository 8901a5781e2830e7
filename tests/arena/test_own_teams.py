"""A team's members may vote on their own entries; it is kept, and it does not count."""

import json
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Membership, Team, User
from arena.ballots import published_ballots
from arena.models import Battle, Vote, Voter, VoterAccount
from arena.sequence import sweep
from inference.models import Entry


def sign_in(visitor, user):
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    visitor.http.cookies.set(settings.SESSION_COOKIE_NAME, session, domain=urlsplit(visitor.base).hostname)


def member_of(*teams):
    user = User.objects.create_user(f"member-of-{'-'.join(teams)}")
    for team in teams:
        Membership.objects.create(team=Team.objects.get(slug=f"team-{team}"), user=user)
    return user


def voted(visitor, one, other):
    """A vote on a battle of just these two."""
    duel = visitor.start()
    duel.ask("hi")
    pair = Entry.objects.in_bulk([one, other], field_name="slug")
    Battle.objects.filter(id=duel.id).update(entry_a=pair[one], entry_b=pair[other])
    return duel


def test_a_members_vote_on_the_own_team_is_kept_and_not_counted(visitor, contest):
    assert voted(visitor, "alder", "birch").vote("a").json()["counted"]
    sign_in(visitor, member_of("alder"))
    own = voted(visitor, "birch", "alder")
    receipt = own.vote("b").json()
    assert (receipt["counted"], receipt["set_aside"]) == (False, "own_team")
    assert own.vote("b").json() == receipt
    assert own.state()["vote"] == {"winner": "b", "counted": False, "set_aside": "own_team"}
    other = voted(visitor, "birch", "cedar").vote("a").json()
    assert (other["counted"], other["set_aside"]) == (True, None)
    # What it did not count for, it has not used up.
    assert visitor.http.get("/visitor").json()["counted"] == 2
    sweep(contest.gate_id)
    ballots = list(published_ballots(contest.gate, after=0, upto=3))
    assert [(ballot.weight, ballot.set_aside) for ballot in ballots] == [(1, None), (0, "own_team"), (1, None)]


def test_signing_out_does_not_make_it_count_and_another_device_is_not_meant(visitor, newcomer):
    sign_in(visitor, member_of("alder"))
    visitor.http.get("/")
    visitor.http.cookies.delete(settings.SESSION_COOKIE_NAME)
    assert voted(visitor, "alder", "birch").vote("a").json()["set_aside"] == "own_team"
    assert voted(newcomer(), "alder", "birch").vote("a").json()["counted"]
    Membership.objects.all().delete()
    assert voted(visitor, "alder", "birch").vote("a").json()["counted"]


def test_the_first_page_after_signing_in_knows_the_device(site):
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(member_of("alder", "birch"))
    client.get(reverse("account"))
    assert VoterAccount.objects.get().voter_id == Voter.objects.get().id
    client.get("/")
    assert VoterAccount.objects.count() == 1


def test_who_is_of_no_team_leaves_no_trace(visitor):
    sign_in(visitor, User.objects.create_user("organizer", is_staff=True))
    assert voted(visitor, "alder", "birch").vote("a").json()["counted"]
    assert not VoterAccount.objects.exists()


def test_a_vote_takes_four_statements_whoever_casts_it(site, visitor):
    sign_in(visitor, member_of("alder"))
    visitor.http.get("/")
    for one, other in (("alder", "birch"), ("birch", "cedar")):
        duel = voted(visitor, one, other)
        client = Client(headers={"Accept-Language": "en"})
        for name, value in visitor.http.cookies.items():
            client.cookies[name] = value
        client.cookies.pop(settings.SESSION_COOKIE_NAME)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            answer = client.post(f"/battles/{duel.id}/vote", json.dumps({"winner": "a"}), "application/json")
        assert answer.status_code == 201
        statements = [query["sql"] for query in asked if "arena_" in query["sql"]]
        assert len(statements) == 4


def test_the_database_wants_a_reason_where_a_vote_is_not_counted(visitor):
    voted(visitor, "alder", "birch").vote("a")
    for change in ({"set_aside": "own_team"}, {"counted_as": None}, {"counted_as": None, "set_aside": "taste"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Vote.objects.update(**change)
