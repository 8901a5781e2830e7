"""What the API refuses is a problem as RFC 9457 has it, and each answer tells how much may still be asked."""

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.utils import translation

from arena.middleware import RefusalMiddleware

pytestmark = pytest.mark.django_db


def asked(path: str, method: str = "GET", language: str = "en", address: str = "192.0.2.1") -> HttpResponse:
    return Client(REMOTE_ADDR=address).generic(method, path, headers={"Accept-Language": language, "Accept": "*/*"})


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "title"),
    [
        ("GET", "/api/v1/rounds/9", 404, "no_such_round", "Not found"),
        ("GET", "/api/v1/nothing", 404, "no_such_address", "Not found"),
        ("GET", "/api/v1/", 404, "no_such_address", "Not found"),
        ("GET", "/api/v2/board", 404, "no_such_address", "Not found"),
        ("GET", "/api/v1/log?limit=many", 400, "bad_request", "Not understood"),
        ("GET", "/api/v1/team/workers", 401, "no_token", "A token is needed"),
        ("POST", "/api/v1/board", 405, "wrong_method", "Not in this way"),
    ],
)
def test_a_refusal_is_a_problem(method: str, path: str, status: int, code: str, title: str) -> None:
    answer = asked(path, method)
    told = answer.json()  # type: ignore[attr-defined]  # of Django's client
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert (told["status"], told["code"], told["title"]) == (status, code, title)
    assert told["type"] == f"urn:problem-type:lms:{code}"
    assert told["detail"] == told["message"] != ""
    assert ("no-store" in answer["Cache-Control"], "public" in answer["Cache-Control"]) == (True, False)
    assert answer.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)
    assert answer.get("Allow") == ("GET" if status == 405 else None)


def test_a_problem_is_told_in_the_visitors_language() -> None:
    told = asked("/api/v1/nothing", language="ko").json()  # type: ignore[attr-defined]
    assert (told["title"], told["detail"]) == ("찾을 수 없습니다", "API에 그런 주소가 없습니다.")


def test_an_error_of_the_site_tells_nothing_of_itself() -> None:
    request = RequestFactory().get("/api/v1/board")
    with translation.override("en"):
        answer = RefusalMiddleware(lambda _: HttpResponse("Traceback", status=500))(request)
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert b"Traceback" not in answer.content


def test_each_answer_tells_what_is_left_and_the_last_when_to_come_back() -> None:
    with override_settings(API_PER_ADDRESS=2):
        answers = [asked("/api/v1/calls", address="192.0.2.2") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert {answer["RateLimit-Policy"] for answer in answers} == {'"address";q=2;w=60'}
    assert [answer["RateLimit"].split(";t=")[0] for answer in answers] == [
        '"address";r=1',
        '"address";r=0',
        '"address";r=0',
    ]
    assert 0 < int(answers[2]["Retry-After"]) <= 61
    assert answers[2].json()["code"] == "too_many"  # type: ignore[attr-defined]
    assert asked("/api/v1/calls", address="192.0.2.3").status_code == 200
    assert "RateLimit" not in asked("/about", address="192.0.2.2")
