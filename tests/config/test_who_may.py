"""Who may ask for what: every address of the site, asked by everybody there is.

A new address needs its line in ADDRESSES: its methods and pattern, and who is let in.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from http.cookies import SimpleCookie
from itertools import product
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.urls import URLResolver, get_resolver

from inference.standin import Standin
from tests.conftest import Worker
from tests.everybody import EVERYONE, OF_A, OF_ORGANIZERS, OF_TEAM_A, PEOPLE, TOKENS, VISITORS, World, everybody

pytestmark = pytest.mark.django_db

Answers = Mapping[str, str]  # to whom, and what becomes of the question: see `outcome`


def door(*let_in: str, bare: str = "factor") -> Answers:
    """A page behind a sign-in. bare: what becomes of an organizer who has shown no second factor."""
    refused = {**dict.fromkeys(VISITORS, "login"), **dict.fromkeys(PEOPLE, "forbidden")}
    return {**refused, "organizer without a second factor": bare, **dict.fromkeys(let_in, "in")}


def token_only(**otherwise: str) -> Answers:
    """An address for scripts. otherwise: what becomes of the good tokens, by their first word."""
    by_name = {name: otherwise[name.split()[0]] for name in TOKENS if name.split()[0] in otherwise}
    return {**dict.fromkeys(EVERYONE, "no token"), **by_name}


EVERYBODY: Answers = dict.fromkeys(EVERYONE, "in")
NOBODY: Answers = dict.fromkeys(EVERYONE, "absent")
VOTER: Answers = {**NOBODY, "voter": "in"}
ACCOUNTS = door(*PEOPLE)
APPLICANTS = door(*OF_A, bare="forbidden")
PANEL = door("panelist", bare="forbidden")
ORGANIZERS = door("organizer")
MEMBERS = door(*OF_A, "organizer")
MEMBERS_ALONE = door(*OF_A)  # who speak for the team
OWNERS = door("owner of A", "organizer")
OWNERS_ALONE = door("owner of A")
WITH_A_FACTOR: Answers = {**ACCOUNTS, **dict.fromkeys(set(PEOPLE) - {"organizer"}, "absent")}
READING = token_only(reading="in", workers="in", token="in")
HOSTING = token_only(reading="forbidden", workers="in", token="absent")

ADDRESSES: dict[str, Answers] = {
    "POST battles": EVERYBODY,
    "GET battles/<uuid:battle_id>": VOTER,
    "POST battles/<uuid:battle_id>/vote": VOTER,
    "POST battles/<uuid:battle_id>/report": VOTER,
    "GET visitor": EVERYBODY,
    "POST visitor/erase": EVERYBODY,
    "GET api/v1/openapi.json": EVERYBODY,
    "GET api/v1/board": EVERYBODY,
    "GET api/v1/boards": EVERYBODY,
    "GET api/v1/boards/<number>": EVERYBODY,
    "GET api/v1/entries": EVERYBODY,
    "GET api/v1/entries/<slug>": EVERYBODY,
    "GET api/v1/rounds": EVERYBODY,
    "GET api/v1/rounds/<key>/files": EVERYBODY,
    "GET api/v1/rulebooks/<digest>": EVERYBODY,
    "GET api/v1/lists": EVERYBODY,
    "GET api/v1/lists/<day>": EVERYBODY,
    "GET api/v1/entries/<slug>/history": EVERYBODY,
    "GET api/v1/rounds/<key>/exposure": EVERYBODY,
    "GET api/v1/rounds/<key>": EVERYBODY,
    "GET api/v1/rounds/<key>/rulebook": EVERYBODY,
    "GET api/v1/rounds/<key>/win-rates": EVERYBODY,
    "GET api/v1/rounds/<key>/days": EVERYBODY,
    "GET api/v1/rounds/<key>/ranks": EVERYBODY,
    "GET api/v1/log": EVERYBODY,
    "GET api/v1/team/entries": READING,
    "GET api/v1/team/workers": READING,
    "POST api/v1/team/workers": HOSTING,
    "POST api/v1/team/workers/<int:number>/heartbeat": HOSTING,
    "POST api/v1/team/workers/<int:number>/drain": HOSTING,
    "POST api/v1/team/workers/<int:number>/resume": HOSTING,
    "GET api/v1/calls": EVERYBODY,
    "GET api/v1/calls/<int:number>": EVERYBODY,
    "GET api/v1/rounds/<key>/appeals": EVERYBODY,
    "GET api/v1/rounds/<key>/scores": EVERYBODY,
    "GET api/v1/rounds/<key>/decision": EVERYBODY,
    "GET POST PUT PATCH DELETE api/v1/": NOBODY,
    "GET ": EVERYBODY,
    "GET board": EVERYBODY,
    "GET entries/<slug:slug>": EVERYBODY,
    "GET rounds": EVERYBODY,
    "GET rounds/<round_key:key>": EVERYBODY,
    "GET rounds/<round_key:key>/appeals": EVERYBODY,
    "GET rounds/<round_key:key>/record": EVERYBODY,
    "GET rounds/<round_key:key>/files/<str:name>": NOBODY,  # the result is not final yet
    "GET rounds/<round_key:key>/exposure": EVERYBODY,
    "GET rounds/<round_key:key>/figures": EVERYBODY,
    "GET rounds/<round_key:key>/rules": EVERYBODY,
    "GET rounds/<round_key:key>/cut": EVERYBODY,
    "GET rounds/<round_key:key>/scores": NOBODY,  # votes alone decide this one
    "GET rounds/<round_key:key>/eligibility": EVERYBODY,
    "GET log": EVERYBODY,
    "GET embed": EVERYBODY,
    "GET embed/board": EVERYBODY,
    "GET badges/<slug:slug>.svg": EVERYBODY,
    "GET feeds/<slug:name>.atom": EVERYBODY,
    "GET calls": EVERYBODY,
    "GET calls/<int:number>": EVERYBODY,
    "GET calls/<int:number>/apply": ACCOUNTS,
    "POST calls/<int:number>/apply": APPLICANTS,
    "GET calls/<int:number>/panel": PANEL,
    "POST calls/<int:number>/panel": {**PANEL, "panelist": "absent"},  # nobody has applied
    "GET POST code": EVERYBODY,
    "GET about": EVERYBODY,
    "GET POST privacy": EVERYBODY,
    "GET accounts/": ACCOUNTS,
    "GET POST accounts/login/": EVERYBODY,
    "GET POST accounts/logout/": EVERYBODY,
    "GET accounts/inactive/": EVERYBODY,
    "GET POST accounts/signup/": EVERYBODY,
    "GET POST accounts/reauthenticate/": ACCOUNTS,
    "GET POST accounts/email/": ACCOUNTS,
    "GET accounts/confirm-email/": EVERYBODY,
    "GET POST accounts/password/change/": ACCOUNTS,
    "GET POST accounts/password/set/": ACCOUNTS,
    "GET POST accounts/password/reset/": EVERYBODY,
    "GET POST accounts/login/code/confirm/": ACCOUNTS,
    r"GET accounts/^confirm-email/(?P<key>[-:\w]+)/$": EVERYBODY,
    r"POST accounts/^confirm-email/(?P<key>[-:\w]+)/$": NOBODY,
    "GET accounts/password/reset/key/done/": EVERYBODY,
    "GET POST accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": EVERYBODY,
    "GET accounts/password/reset/done/": EVERYBODY,
    "GET accounts/2fa/": ACCOUNTS,
    "GET POST accounts/2fa/authenticate/": ACCOUNTS,
    "GET POST accounts/2fa/reauthenticate/": ACCOUNTS,
    "GET POST accounts/2fa/totp/activate/": ACCOUNTS,
    "GET POST accounts/2fa/totp/deactivate/": WITH_A_FACTOR,
    "GET accounts/2fa/recovery-codes/": WITH_A_FACTOR,
    "GET POST accounts/2fa/recovery-codes/generate/": ACCOUNTS,
    "GET accounts/2fa/recovery-codes/download/": WITH_A_FACTOR,
    "GET POST invitations/<str:token>": EVERYBODY,
    "GET team/<slug:slug>/tokens": MEMBERS,
    "POST team/<slug:slug>/tokens/make": OWNERS_ALONE,
    "POST team/<slug:slug>/tokens/<int:number>/revoke": OWNERS,
    "GET team/<slug:slug>": MEMBERS,
    "GET team/<slug:slug>/battles": MEMBERS,
    "GET team/<slug:slug>/servers": MEMBERS,
    "GET POST team/<slug:slug>/appeals": MEMBERS,
    "POST team/<slug:slug>/appeals/<round_key:key>/<int:number>/withdraw": MEMBERS,
    "GET team/<slug:slug>/appeals/<round_key:key>/<int:number>/files/<int:place>": MEMBERS,
    "GET team/<slug:slug>/members": MEMBERS,
    "POST team/<slug:slug>/members/invite": OWNERS,
    "POST team/<slug:slug>/members/invitations/<int:number>/withdraw": OWNERS,
    "POST team/<slug:slug>/members/leave": MEMBERS,
    "POST team/<slug:slug>/members/<str:name>/role": OWNERS,
    "POST team/<slug:slug>/members/<str:name>/remove": OWNERS,
    "GET team/<slug:slug>/allegations": MEMBERS,
    "POST team/<slug:slug>/allegations/raise": MEMBERS_ALONE,
    "POST team/<slug:slug>/allegations/<int:number>/answer": MEMBERS_ALONE,
    "POST team/<slug:slug>/allegations/<int:number>/withdraw": MEMBERS_ALONE,
    "GET console/": ORGANIZERS,
    "GET console/entries": ORGANIZERS,
    "GET POST console/entries/new": ORGANIZERS,
    "GET POST console/entries/<slug:slug>": ORGANIZERS,
    "GET POST console/entries/<slug:slug>/about": ORGANIZERS,
    "GET console/log": ORGANIZERS,
    "GET POST console/rounds/new": ORGANIZERS,
    "GET console/rounds/<round_key:key>": ORGANIZERS,
    "GET POST console/rounds/<round_key:key>/draft": ORGANIZERS,
    "GET POST console/rounds/<round_key:key>/amend": ORGANIZERS,
    "GET POST console/rounds/<round_key:key>/to/<str:state>": ORGANIZERS,
    "GET POST console/rounds/<round_key:key>/admit": ORGANIZERS,
    "GET POST console/rounds/<round_key:key>/entries/<slug:slug>/<str:state>": ORGANIZERS,
    "GET console/rounds/<round_key:key>/appeals": ORGANIZERS,
    "GET POST console/rounds/<round_key:key>/appeals/<int:number>": ORGANIZERS,
    "GET POST console/rounds/<round_key:key>/appeals/<int:number>/confirm": ORGANIZERS,
    "GET POST console/rounds/<round_key:key>/voters": ORGANIZERS,
    "GET console/rounds/<round_key:key>/cut": ORGANIZERS,
    "GET POST console/rounds/<round_key:key>/beacon": ORGANIZERS,
    "GET console/rounds/<round_key:key>/scores": ORGANIZERS,
    "GET POST console/rounds/<round_key:key>/scores/<slug:component>": ORGANIZERS,
    "POST console/rounds/<round_key:key>/scores/<slug:component>/judge": ORGANIZERS,
    "POST console/rounds/<round_key:key>/scores/<slug:component>/conflict": ORGANIZERS,
    "GET POST console/rounds/<round_key:key>/confirm": ORGANIZERS,
    "GET POST console/rounds/<round_key:key>/withdraw": ORGANIZERS,
    "GET console/rounds/<round_key:key>/board": ORGANIZERS,
    "GET console/rounds/<round_key:key>/voids": ORGANIZERS,
    "GET console/rounds/<round_key:key>/eligibility": ORGANIZERS,
    "GET POST console/rounds/<round_key:key>/eligibility/<slug:slug>/<str:axis>": ORGANIZERS,
    "GET POST console/rounds/<round_key:key>/eligibility/<slug:slug>/<str:axis>/confirm": ORGANIZERS,
    "GET POST console/rounds/<round_key:key>/eligibility/<slug:slug>/<str:axis>/withdraw": ORGANIZERS,
    "GET POST console/rounds/<round_key:key>/allege": ORGANIZERS,
    "GET POST console/allegations/<int:number>/<str:to>": ORGANIZERS,
    "GET POST console/incidents/new": ORGANIZERS,
    "GET console/calls": ORGANIZERS,
    "GET POST console/calls/new": ORGANIZERS,
    "GET POST console/calls/<int:number>": ORGANIZERS,
    "GET console/exports": ORGANIZERS,
    "POST console/exports/ask": ORGANIZERS,
    "GET console/exports/progress": ORGANIZERS,
    "GET console/exports/<int:number>/<str:name>": ORGANIZERS,
    "GET POST i18n/setlang": EVERYBODY,
}


SAID = {  # what is posted, where nothing would be refused before anybody looks who it is
    "battles/<uuid:battle_id>/vote": {"winner": "a"},
    "battles/<uuid:battle_id>/report": {"side": "a", "text": "Rude."},
    "api/v1/team/workers/<int:number>/heartbeat": {"state": "serving"},
    "api/v1/team/workers": {"entry": "alder", "url": "http://127.0.0.1:9/v1", "served_name": "alder"},
}
FORM = "application/x-www-form-urlencoded"
HOME_OF_A, HOME_OF_B = "team-alder", "team-birch"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, latest_standin: tuple[list[Standin], str]) -> Iterator[World]:
    """Made once; whatever an answer changed is taken back after it."""
    latest, url = latest_standin
    latest[:] = [Standin()]
    with django_db_blocker.unblock(), transaction.atomic(), everybody(Worker(latest[0], url)) as made:
        yield made
        transaction.set_rollback(True)


def patterns(resolver: Any = None, before: str = "") -> Iterator[str]:
    """The pattern of every address, as ADDRESSES writes it."""
    for one in (resolver or get_resolver()).url_patterns:
        pattern = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from patterns(one, pattern)
        else:
            yield pattern


def address_of(pattern: str, world: World, team: str) -> str:
    """An address with everything in it team A's, whoever's pages it is said to be among."""
    values = {
        "slug": team if pattern.startswith("team/") else "alder",
        "key": "1",
        "day": world.day,
        "digest": world.digest,
        "battle_id": world.battle.pk,
        "token": "forged",
        "uidb36": "1",
        "component": "arena",
        "axis": "technical",
        "state": "frozen",
        "to": "upheld",
        "place": 1,
        "name": {"team": "member-of-a", "feeds": "cuts"}.get(pattern.split("/", maxsplit=1)[0], "ballots.jsonl.gz"),
        "number": next((number for part, number in numbers(world).items() if part in pattern), 1),
    }
    filled = PARAMETER.sub(lambda found: str(values[found[1] or found[2]]), pattern)
    return "/" + filled.replace("^", "").replace("$", "")


def numbers(world: World) -> dict[str, int]:
    return {
        "tokens/": world.token.pk,
        "invitations/": world.invitation.pk,
        "workers/": world.machine.pk,
        "appeals/": world.appeal.number,
        "/answer": world.against.pk,
        "allegations/": world.raised.pk,
    }


def ask(world: World, who: str, method: str, address: str, said: Any = None) -> Any:
    """The answer to one of them, who has the same cookies afterwards, as the site has the same rows."""
    client = world.clients[who]
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    headers = {"Authorization": f"Bearer {world.secrets[who]}"} if who in TOKENS else {}
    body, kind = (json.dumps(said), "application/json") if said else (f"round={world.contest.pk}&team=team-alder", FORM)
    with transaction.atomic():
        answer = client.generic(method, address, "" if method == "GET" else body, kind, headers=headers)
        transaction.set_rollback(True)
    client.cookies = SimpleCookie(cookies)
    return answer


def askers(pattern: str, wanted: Answers) -> tuple[str, ...]:
    """Who asks there: no two of those who could not differ."""
    if wanted is EVERYBODY:
        return ("visitor", "token of B", "owner of B", "removed from A")
    if pattern.startswith(("api/", "battles")):
        return EVERYONE
    return ("visitor", "workers token", *PEOPLE)


def outcome(answer: Any) -> str:
    """What became of it: let in, or how it was refused."""
    if answer.status_code == 302:
        path = urlsplit(answer["Location"]).path
        return {"/accounts/login/": "login", "/accounts/2fa/totp/activate/": "factor"}.get(path, "in")
    return {401: "no token", 403: "forbidden", 404: "absent", 405: "no method"}.get(answer.status_code, "in")


def leaks(who: str, answer: Any) -> list[str]:
    """What the answer tells that is not for them."""
    private = (() if who in (*OF_A, "organizer", *TOKENS[:2]) else OF_TEAM_A) + (
        () if who == "organizer" else OF_ORGANIZERS
    )
    told = str(answer.headers) + ("" if answer.streaming else answer.content.decode())
    return [words for words in private if words in told]


def test_every_address_lets_in_whom_it_should_and_tells_nobody_else_anything(world: World) -> None:
    wrong = []
    for line, wanted in ADDRESSES.items():
        *methods, pattern = line.split(" ")
        for method, who in product(methods, askers(pattern, wanted)):
            answer = ask(world, who, method, address_of(pattern, world, HOME_OF_A), SAID.get(pattern))
            found, told = outcome(answer), leaks(who, answer)
            # Where nothing waits for an organizer, their page may say that there is no such thing.
            if found != wanted[who] and not (wanted is ORGANIZERS and who == "organizer" and found == "absent"):
                wrong.append(f"{method} {pattern}: {who}: {found} ({answer.status_code}), should be {wanted[who]}")
            if told:
                wrong.append(f"{method} {pattern}: {who} is told {told}")
    assert not wrong, "\n".join(wrong)


def test_an_address_without_a_line_here_answers_nobody(world: World) -> None:
    known = [line.rsplit(" ", 1)[1] for line in ADDRESSES]
    assert set(known) == set(patterns()), "ADDRESSES needs a line for each address"
    for pattern in set(known):
        listed = {method for line in ADDRESSES if line.endswith(f" {pattern}") for method in line.split(" ")}
        for method in set(METHODS if pattern.startswith("api/") else METHODS[:2]) - listed:
            answer = ask(world, "organizer", method, address_of(pattern, world, HOME_OF_A))
            assert answer.status_code == 405, f"{method} {pattern}: {answer.status_code}; ADDRESSES needs a line for it"


def test_nothing_of_team_a_is_found_among_the_pages_of_team_b(world: World) -> None:
    for line in ADDRESSES:
        *methods, pattern = line.split(" ")
        if not pattern.startswith("team/") or len(PARAMETER.findall(pattern)) == 1:
            continue
        for method in methods:
            answer = ask(world, "owner of B", method, address_of(pattern, world, HOME_OF_B))
            assert (outcome(answer), leaks("owner of B", answer)) == ("absent", []), f"{method} {pattern}"


def test_a_token_in_an_address_is_refused_everywhere_and_stands_in_no_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    secret = world.secrets["workers token"]
    for pattern in {line.rsplit(" ", 1)[1] for line in ADDRESSES}:
        answer = ask(world, "owner of A", "GET", f"{address_of(pattern, world, HOME_OF_A)}?access_token={secret}")
        assert (answer.status_code, secret in str(answer.headers) + answer.content.decode()) == (400, False), pattern
        assert "Authorization: Bearer" in html.unescape(answer.content.decode())
    assert "a token was sent in an address" in caplog.text
    assert secret[4:] not in caplog.text
