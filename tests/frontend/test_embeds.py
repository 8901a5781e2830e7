"""What others show, follow and cite: the board in a frame, a badge, feeds. It knows no reader and leaves no cookie."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone, translation

from leaderboard.fold import fold
from leaderboard.incidents import Account, report_incident
from leaderboard.participations import change_participation
from leaderboard.rounds import close_round
from tests.leaderboard.test_closing import decide

ATOM = "{http://www.w3.org/2005/Atom}"


def fetch(path, status=200, language="en", **asked):
    answer = Client().get(path, asked, headers={"Accept-Language": language})
    assert answer.status_code == status, answer.content
    return answer


def tree(answer):
    return ElementTree.fromstring(answer.content)  # noqa: S314  our own


def entries_of(feed):
    return tree(feed).findall(f"{ATOM}entry")


def test_the_embedded_board_may_be_framed_and_no_other_page(contest):
    framed, board = fetch("/embed/board"), fetch("/board")
    assert "frame-ancestors *" in framed.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed.headers
    assert "script-src 'self'" in framed.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in board.headers["Content-Security-Policy"]
    assert board.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("path", ["/embed/board", "/badges/alder.svg", "/feeds/log.atom"])
def test_what_others_show_sets_no_cookie_and_may_be_kept_for_all(contest, path):
    answer = fetch(path)
    assert not answer.cookies
    assert "public" in answer.headers["Cache-Control"]
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_its_address_tells_its_language_and_its_theme(contest):
    page = fetch("/embed/board", language="en", lang="ko", theme="dark").content.decode()
    assert '<html lang="ko" data-theme="dark">' in page
    assert "전체 순위표" in page
    assert "data-theme" not in fetch("/embed/board").content.decode()
    assert fetch("/embed/board", 400, theme="neon").json()["code"] == "bad_request"
    assert fetch("/embed/board", 400, lang="fr").json()["code"] == "bad_request"
    fetch("/embed/board", 404, series="round-9")
    assert "lang" not in Client().get("/board").cookies


def test_without_a_round_it_says_so(transactional_db):
    assert "The first board appears with the first round." in fetch("/embed/board").content.decode()
    fetch("/badges/alder.svg", 404)


def test_a_badge_tells_how_an_entry_stands_and_stood(contest):
    decide(contest)
    fold(contest)
    badge = tree(fetch("/badges/alder.svg"))
    title = badge.find("{http://www.w3.org/2000/svg}title").text
    assert title.startswith("Alder: No. ")
    assert "of 4 ·" in title
    assert "4개 중" in fetch("/badges/alder.svg", lang="ko").content.decode()
    close_round(contest)
    gone = contest.participations.get(state="eliminated").entry
    assert "Eliminated" in fetch(f"/badges/{gone.slug}.svg").content.decode()
    fetch("/badges/nobody.svg", 404)


def test_a_name_cannot_break_out_of_a_badge(contest):
    series = contest.series
    series.title = "<script>alert(1)</script>"
    series.save()
    assert b"<script>" not in fetch("/badges/alder.svg").content


def test_a_feed_has_each_line_once_with_its_reasons_in_the_language_of_its_address(contest, django_user_model):
    ahn = django_user_model.objects.create(username="ahn", email="ahn@example.org", is_staff=True)
    now = timezone.now()
    account = Account("Nobody could vote.", now - timedelta(hours=2), now, what_ko="투표가 되지 않았습니다.")
    report_incident(account, by=ahn, contest=contest)
    with translation.override("en"):
        change_participation(contest.participations.get(entry__slug="birch"), "suspended", reason="It answers nobody.")
    (incident,) = entries_of(fetch("/feeds/incidents.atom"))
    assert incident.find(f"{ATOM}summary").text == "Nobody could vote."
    (korean,) = entries_of(fetch("/feeds/incidents.atom", lang="ko"))
    assert korean.find(f"{ATOM}summary").text == "투표가 되지 않았습니다."
    assert korean.find(f"{ATOM}id").text == incident.find(f"{ATOM}id").text
    lines = entries_of(fetch("/feeds/log.atom"))
    ids = [line.find(f"{ATOM}id").text for line in lines]
    assert len({*ids}) == len(ids) > 2
    suspended = next(line for line in lines if "Birch" in line.find(f"{ATOM}title").text)
    assert suspended.find(f"{ATOM}summary").text == "It answers nobody."
    assert suspended.find(f"{ATOM}link").get("href").startswith("http://testserver/")


def test_a_cut_is_in_its_feed_and_an_unknown_feed_is_none(contest):
    assert entries_of(fetch("/feeds/cuts.atom")) == []
    decide(contest)
    close_round(contest)
    (cut,) = entries_of(fetch("/feeds/cuts.atom"))
    assert cut.find(f"{ATOM}title").text.endswith(" out")
    assert cut.find(f"{ATOM}link").get("href").endswith("/rounds/1/cut")
    fetch("/feeds/gossip.atom", 404)
    fetch("/feeds/cuts.atom", 400, lang="xx")
