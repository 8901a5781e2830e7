"""Signing in, second factors and addresses, page by page."""

import re
import smtplib

import pytest
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.doors import organizer_required
from accounts.models import User
from accounts.organizers import forget_factors
from accounts.tasks import forget_sessions
from frontend.signing_in import AccountAdapter
from tests.person import PASSWORD, Person

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "narrow-bridge-over-alders"


@organizer_required
def secret(request):
    return HttpResponse("the secret")


def at_the_door(person: Person):
    """What a page for organizers answers to this session."""
    request = RequestFactory().get("/secret", HTTP_COOKIE=f"sessionid={person.client.cookies['sessionid'].value}")
    for middleware in (SessionMiddleware, AuthenticationMiddleware):
        middleware(secret).process_request(request)
    return secret(request)


def test_a_visitor_who_votes_gets_no_session_and_costs_none():
    client = Client()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        for path in ("/", "/board", "/about", "/privacy", "/", "/nowhere"):
            client.get(path)
    assert "sessionid" not in client.cookies
    assert not [query for query in asked.captured_queries if re.search("session|accounts_|account_", query["sql"])]


def test_an_organizer_without_a_second_factor_gets_nowhere_but_to_its_set_up(organizer):
    ada = organizer(ready=False)
    assert ada.sign_in().request["PATH_INFO"] == "/accounts/"
    assert at_the_door(ada)["Location"] == "/accounts/2fa/totp/activate/"
    codes = ada.set_up_second_factor()
    assert codes.request["PATH_INFO"] == "/accounts/2fa/recovery-codes/"
    assert len(re.findall(r"<li><code>\d{8}</code>", codes.content.decode())) == 10
    # The factor is there, and this session has not shown it yet.
    assert at_the_door(ada)["Location"].startswith("/accounts/2fa/reauthenticate/?next=")
    ada.post("/accounts/2fa/reauthenticate/", {"code": ada.code()})
    assert at_the_door(ada).content == b"the secret"


def test_signing_in_asks_for_the_code_and_takes_each_once(organizer):
    ada = organizer()
    other = Person("ada@example.org")
    asked = other.post("/accounts/login/", {"login": "ada@example.org", "password": PASSWORD})
    assert asked.request["PATH_INFO"] == "/accounts/2fa/authenticate/"
    assert other.get("/accounts/").request["PATH_INFO"] == "/accounts/2fa/authenticate/"
    code = ada.code()
    assert "Incorrect code" in other.post("/accounts/2fa/authenticate/", {"code": "000000"}).content.decode()
    assert other.post("/accounts/2fa/authenticate/", {"code": code}).request["PATH_INFO"] == "/accounts/"
    assert at_the_door(other).content == b"the secret"
    third = Person("ada")
    third.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    assert "Incorrect code" in third.post("/accounts/2fa/authenticate/", {"code": code}).content.decode()
    # What allauth forgets after half a minute, while the code is still good.
    cache.delete(f"allauth.mfa.totp.used?user={User.objects.get().pk}&code={code}")
    assert "Incorrect code" in third.post("/accounts/2fa/authenticate/", {"code": code}).content.decode()


def test_a_recovery_code_signs_in_once_and_a_lost_factor_can_be_taken_away(organizer):
    ada = organizer()
    shown = ada.get("/accounts/2fa/recovery-codes/").content.decode()
    code = re.search(r"<li><code>(\d{8})</code>", shown)[1]
    for works in (True, False):
        other = Person("ada")
        other.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
        answer = other.post("/accounts/2fa/authenticate/", {"code": code})
        assert (answer.request["PATH_INFO"] == "/accounts/") is works
    forget_factors(name="ada")
    assert at_the_door(ada)["Location"] == "/accounts/2fa/totp/activate/"


def test_who_is_no_organizer_any_more_is_refused_at_the_next_request(organizer):
    ada = organizer()
    assert at_the_door(ada).status_code == 200
    User.objects.update(is_staff=False)
    with pytest.raises(PermissionDenied):
        at_the_door(ada)
    User.objects.update(is_active=False)
    assert at_the_door(ada)["Location"].startswith("/accounts/login/")


def test_the_secrets_of_second_factors_cannot_be_read_in_the_database(organizer):
    ada = organizer()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM mfa_authenticator")
        rows = str(cursor.fetchall())
    assert ada.secret not in rows
    assert "secret" in rows


def test_nobody_registers_by_themselves():
    page = Person("eve").get("/accounts/signup/")
    assert "By invitation only" in page.content.decode()
    assert Client().post("/accounts/signup/", {"username": "eve", "email": "e@example.org"}).status_code == 200
    assert not User.objects.exists()


def test_guessing_passwords_is_stopped_for_the_account_wherever_it_comes_from(organizer, settings):
    settings.TRUSTED_PROXIES = 1
    organizer(ready=False)
    eve = Person("ada")
    for number in range(6):
        said = eve.sign_in("wrong-wrong-wrong", headers={"X-Forwarded-For": f"10.0.0.{number}, 192.0.2.{number}"})
    assert "Too many failed login attempts" in said.content.decode()
    assert eve.sign_in().request["PATH_INFO"] == "/accounts/login/"


def test_the_address_that_is_limited_cannot_be_made_up_and_is_kept_by_a_code(settings):
    def code(forwarded: str, own: str = "10.0.0.1") -> str:
        request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR=own)
        return AccountAdapter().get_client_ip(request)

    settings.TRUSTED_PROXIES = 0
    assert code("198.51.100.1") == code("198.51.100.2") != code("198.51.100.1", "10.0.0.2")
    settings.TRUSTED_PROXIES = 1
    assert code("198.51.100.1, 192.0.2.7") == code("198.51.100.2, 192.0.2.7") != code("198.51.100.1, 192.0.2.8")
    assert "192.0.2.7" not in code("192.0.2.7")


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(organizer, link):
    ada = organizer(ready=False)
    for address in ("nobody@example.org", "ada@example.org"):
        said = ada.post("/accounts/password/reset/", {"email": address}).content.decode()
        assert "Look into your mail" in said
    assert [letter.to for letter in mail.outbox] == [["ada@example.org"]]
    page = ada.get(link())
    path = page.request["PATH_INFO"]
    done = ada.post(path, {"password1": NEW, "password2": NEW})
    assert "You have a new password" in done.content.decode()
    assert "used up or too old" in Person("x").get(link()).content.decode()
    assert ada.sign_in(NEW).request["PATH_INFO"] == "/accounts/"


def test_a_changed_password_ends_other_sessions_and_is_told_by_mail(organizer):
    ada = organizer()
    other = Person("ada")
    other.secret = ada.secret
    other.steps = ada.steps
    other.sign_in()
    assert at_the_door(other).status_code == 200
    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    ada.post("/accounts/password/change/", data)
    assert at_the_door(other)["Location"].startswith("/accounts/login/")
    assert at_the_door(ada).status_code == 200
    assert mail.outbox[-1].subject == "[Last Model Standing] Password Changed"
    assert "IP address: 127.0.0.1" in mail.outbox[-1].body


def test_an_address_changes_only_when_its_link_is_followed(organizer, link):
    ada = organizer()
    waiting = ada.post("/accounts/email/", {"email": "new@example.org", "action_add": ""}).content.decode()
    assert "new@example.org" in waiting
    assert User.objects.get().email == "ada@example.org"
    assert mail.outbox[-1].to == ["new@example.org"]
    ada.post(link())
    assert User.objects.get().email == "new@example.org"


def test_mail_that_cannot_be_sent_is_said_on_a_page(organizer, monkeypatch):
    ada = organizer(ready=False)

    def away(*_, **__):
        raise smtplib.SMTPServerDisconnected

    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", away)
    answer = ada.post("/accounts/password/reset/", {"email": "ada@example.org"})
    assert answer.status_code == 503
    assert "The mail could not be sent" in answer.content.decode()


def test_a_form_that_has_grown_old_is_said_on_a_page():
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", headers={"Accept": "text/html"})
    assert answer.status_code == 403
    assert "<h1>" in answer.content.decode()


def test_sessions_that_ran_out_are_forgotten(organizer, settings):
    organizer()
    forget_sessions()
    assert Session.objects.count() == 1
    Session.objects.update(expire_date="2020-01-01T00:00Z")
    forget_sessions()
    assert not Session.objects.exists()


PAGES = [
    "/accounts/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/logout/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/deactivate/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/reauthenticate/",
]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_pages_of_an_account_keep_the_policy_and_the_language(organizer, language):
    ada = organizer(language=language)
    pages = [ada.get(path) for path in PAGES]
    stranger = Person("eve", language)
    pages += [stranger.get(path) for path in ("/accounts/login/", "/accounts/password/reset/", "/accounts/signup/")]
    for page in pages:
        html = page.content.decode()
        assert page.status_code == 200
        assert html.count("<h1") == 1
        assert f'<html lang="{language}">' in html
        assert " style=" not in html
        assert re.search(r"<script(?![^>]*src=)", html) is None
        assert ("Second factor" in html) <= (language == "en")
