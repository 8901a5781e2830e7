"""The privacy page says what is so: held against the settings, the cookies of a real visit, and the shelves."""

import re
from http.cookies import SimpleCookie

import pytest

from accounts.organizers import add_organizer
from arena.limits import WINDOW_SECONDS
from arena.models import Turn, Vote
from arena.replay import KEEP_SECONDS
from tests.conftest import ROOT
from tests.person import PASSWORD
from tests.visitor import Visitor


def page(visitor: Visitor, path: str = "/privacy", language: str = "en") -> str:
    answer = visitor.http.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text)


def deleted_by_form(visitor: Visitor):
    token = re.search(r'action="/privacy" data-erase-form> <input[^>]* value="(\w+)"', page(visitor))
    return visitor.http.post(
        "/privacy", data={"csrfmiddlewaretoken": token[1]}, headers={"Origin": visitor.base}, follow_redirects=True
    )


def test_every_number_comes_from_the_settings(visitor, settings):
    html = page(visitor)
    assert "30 days from the first question" in html
    assert "after 30 days" in html
    assert f"counted for {WINDOW_SECONDS // 60} minutes" in html
    assert f"about {KEEP_SECONDS // 60} minutes after you leave" in html
    assert "Kept for 400 days." in html
    settings.RETENTION_DAYS = 7
    settings.VISITOR_COOKIE_AGE = 24 * 3600
    settings.LANGUAGE_COOKIE_AGE = 24 * 3600 * 2
    html = page(visitor)
    assert "7 days from the first question" in html
    assert "after 7 days" in html
    assert "30 days" not in html
    assert "Kept for 1 day." in html
    assert "Kept for 2 days." in html
    assert "400 days" not in html
    assert html.count("until the browser is closed") == 1  # the session of those who sign in


@pytest.mark.parametrize(
    ("language", "without", "with_one"),
    [
        ("en", "No moderation service is shown", "A moderation service is shown each question"),
        ("ko", "유해성 검사 서비스에 보내지 않습니다", "유해성 검사 서비스가 개인정보를 가린 질문을"),
    ],
)
def test_a_moderation_service_is_named_where_there_is_one(visitor, settings, language, without, with_one):
    html = page(visitor, language=language)
    assert (without in html, with_one in html) == (True, False)
    settings.MODERATION_URL = "https://moderation.example/v1/moderations"
    html = page(visitor, language=language)
    assert (without in html, with_one in html) == (False, True)
    assert "moderation.example" not in html


def test_the_cookies_of_a_whole_visit_are_those_the_page_lists(quick_passwords, site, visitor):
    answers = [visitor.http.get(path) for path in ("/", "/board", "/about", "/privacy", "/entries/alder")]
    duel = visitor.start()
    duel.ask("hello")
    answers += [duel.vote("a"), visitor.post("/visitor/erase"), visitor.http.get("/visitor")]
    answers.append(
        visitor.http.post(
            "/i18n/setlang",
            data={"language": "en", "csrfmiddlewaretoken": visitor.http.cookies["csrftoken"]},
            headers={"Origin": visitor.base},
        )
    )
    add_organizer(name="ada", email="ada@example.org", password=PASSWORD)
    answers.append(
        visitor.http.post(
            "/accounts/login/",
            data={
                "login": "ada",
                "password": PASSWORD,
                "csrfmiddlewaretoken": visitor.http.cookies["csrftoken"],
            },
            headers={"Origin": visitor.base},
        )
    )
    newcomer = Visitor(site)
    answers.append(newcomer.http.get("/privacy"))
    newcomer.http.cookies.clear()
    answers.append(newcomer.http.get("/"))
    newcomer.close()
    ages = {}
    for answer in answers:
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                ages[name] = int(morsel["max-age"]) / 86_400 if morsel["max-age"] else None
    listed = {
        name: float(days) if days else None
        for name, days in re.findall(
            r'data-cookie="(\w+)".*?(?:Kept for (\d+) days\.|Kept until the browser is closed\.)', page(visitor)
        )
    }
    assert listed == ages


def test_what_the_scripts_remember_is_listed_too(visitor):
    source = (ROOT / "frontend" / "src" / "memory.ts").read_text()
    kept = set(re.findall(r'^export const \w+ = "([\w-]+)";', source, re.MULTILINE))
    assert kept == set(re.findall(r'data-remembered="([\w-]+)"', page(visitor)))


def test_a_form_deletes_without_a_script_and_says_so(visitor):
    for prompt in ("one", "two"):
        visitor.start().ask(prompt)
    assert "2 conversations of this device are stored." in page(visitor)
    answer = deleted_by_form(visitor)
    assert str(answer.url).endswith("/privacy?erased=2#delete")
    assert "2 conversations have been deleted." in answer.text
    assert "No conversation of this device is stored." in answer.text
    assert not Turn.objects.filter(erased_at=None).exists()
    assert "There was nothing to delete." in deleted_by_form(visitor).text


def test_the_form_deletes_nobody_elses(visitor, newcomer):
    duel = visitor.start()
    duel.ask("mine")
    duel.vote("a")
    stranger = newcomer()
    deleted_by_form(stranger)
    assert visitor.http.post("/privacy", headers={"Origin": visitor.base}).json()["code"] == "csrf"
    assert duel.state()["turns"][0]["prompt"] == "mine"
    assert Vote.objects.count() == 1


@pytest.mark.parametrize("said", ["-1", "x", "1e3", "<b>", "9999999", "٣"])
def test_an_address_can_make_the_page_say_nothing_odd(visitor, said):
    html = page(visitor, f"/privacy?erased={said}")
    assert '<p class="done" role="status" data-erased></p>' in html


@pytest.mark.parametrize("path", ["/", "/about", "/board"])
def test_it_is_one_click_away(visitor, path):
    assert 'href="/privacy"' in page(visitor, path)
    if path == "/":
        notice = page(visitor, path).split("data-notice", 1)[1].split("</div>", 1)[0]
        assert 'href="/privacy"' in notice
