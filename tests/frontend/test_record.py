"""The permanent page of a round tells what it decided, how surely, and hands out the files that prove it."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.utils import translation
from django.utils.timezone import localtime

from leaderboard.cut.decisions import in_force
from leaderboard.export_queue import write_portion
from leaderboard.models import Export, Round, RoundState
from leaderboard.rounds import close_round
from tests.leaderboard.test_appeals import appeal, published
from tests.leaderboard.test_closing import decide
from tests.leaderboard.test_consequences import by_two, finish, two  # noqa: F401
from tests.leaderboard.test_rulings import GRANTED, rule


def read(visitor, path="/rounds/1/record", language="en"):
    return visitor.http.get(path, headers={"Accept-Language": language})


def test_before_the_result_nothing_is_decided_and_there_are_no_files(visitor, contest):
    decide(contest)
    page = read(visitor).text
    assert "Nothing is decided yet." in page
    assert "They are written when the result is final." in page
    assert visitor.http.get("/rounds/1/files/ballots.jsonl.gz").status_code == 404


@pytest.mark.parametrize(("language", "words"), [("en", "Dogwood</a></strong> (Team"), ("ko", "결정 1판")])
def test_the_result_is_told_with_its_doubts(visitor, contest, language, words):
    decide(contest)
    close_round(contest)
    page = read(visitor, language=language).text
    assert words in page
    assert in_force(Round.objects.get()).digest in page


def test_a_ruling_leads_to_the_edition_it_made(visitor, contest, two):  # noqa: F811
    with translation.override("en"):
        rule(appeal(published(contest)), two, GRANTED)
    page, cut = read(visitor).text, read(visitor, "/rounds/1/cut").text
    for edition in Round.objects.get().decisions.all():
        at = localtime(edition.at)
        written = f"{at.day} {at:%B %Y, %H:%M}</time> KST"
        for html in (page, cut):
            assert f'id="edition-{edition.edition}"' in html
            assert written in html
            assert f"<code>{edition.digest}</code>" in html
    assert '<a href="#edition-2">Edition 2 of the decision</a>' in page
    assert 'href="/rounds/1/cut#edition-2"' in read(visitor, "/rounds/1/appeals").text


def test_a_final_result_leaves_files_for_everybody(visitor, contest, two):  # noqa: F811
    decide(contest)
    close_round(contest)
    finish(contest, two)
    assert Export.objects.get().asked_by is None
    while write_portion():
        pass
    page = read(visitor).text
    assert "decision.json" in page
    sums = visitor.http.get("/rounds/1/files/SHA256SUMS")
    assert sums.headers["content-disposition"] == 'attachment; filename="round-1-SHA256SUMS"'
    for line in sums.text.splitlines():
        digest, name = line.split()
        assert hashlib.sha256(visitor.http.get(f"/rounds/1/files/{name}").content).hexdigest() == digest
    assert visitor.http.get("/rounds/1/files/..%2Fsite.sqlite3").status_code == 404
    crowd = range(40)  # more than there are connections to the database: a file that is sent keeps none
    with ThreadPoolExecutor(len(crowd)) as pool:
        sent = pool.map(lambda _: visitor.http.get("/rounds/1/files/SHA256SUMS").status_code, crowd)
        assert [*sent] == [200] * len(crowd)


def test_a_result_that_is_annulled_hands_out_nothing(visitor, contest, two):  # noqa: F811
    decide(contest)
    close_round(contest)
    finish(contest, two)
    while write_portion():
        pass
    with translation.override("en"):
        by_two(Round.objects.get(), RoundState.ANNULLED, two)
    assert visitor.http.get("/rounds/1/files/SHA256SUMS").status_code == 404
    assert "This round decides nothing" in read(visitor).text
