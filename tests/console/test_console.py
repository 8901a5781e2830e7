"""The organizers' pages: what waits, who is well, the live board, the log, and exports."""

import hashlib
import re
from datetime import timedelta

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from accounts.audit import record
from inference.entries import add_entry
from inference.models import Entry, Worker
from leaderboard import export_queue
from leaderboard.export_queue import ask_export, folder_of, write_portion
from leaderboard.fold import fold
from leaderboard.models import Board, Export, Round
from tests.arena.test_voting import voted
from tests.servers import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = [
    "/console/",
    "/console/entries",
    "/console/exports",
    "/console/log",
    "/console/rounds/1/board",
    "/console/rounds/1/voids",
]


def said(answer) -> str:
    assert answer.status_code == 200, answer
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.mark.parametrize("language", ["en", "ko"])
def test_its_pages_keep_the_policy_and_the_language(contest, organizer, language):
    ada = organizer(language=language)
    for path in PAGES:
        html = said(ada.get(path))
        assert html.count("<h1") == 1
        assert f'<html lang="{language}">' in html
        assert " style=" not in html
        assert ("Console" in html.replace("/console", "")) == (language == "en")


@pytest.mark.parametrize("path", [*PAGES, "/console/exports/progress", "/console/exports/1/board.csv"])
def test_nobody_else_sees_them(contest, organizer, path):
    assert Client().get(path)["Location"].startswith("/accounts/login/")
    ada = organizer(ready=False)
    ada.sign_in()
    assert ada.client.get(path)["Location"] == "/accounts/2fa/totp/activate/"
    ada.client.force_login(member())
    assert ada.client.get(path).status_code == 403


def member():
    from accounts.models import User  # noqa: PLC0415

    return User.objects.create_user("cleo", "cleo@example.org")


def test_it_says_what_waits_for_somebody(contest, organizer):
    ada = organizer()
    assert "Nothing needs a decision now." in said(ada.get("/console/"))
    alder, birch = Entry.objects.filter(slug__in=["alder", "birch"]).order_by("slug")
    Worker.objects.filter(entry=alder).update(healthy=False)
    Worker.objects.create(entry=birch, url="http://10.0.0.9:8000", served_name="birch", healthy=False)
    Round.objects.update(ends_at=timezone.now() + timedelta(hours=1))
    html = said(ada.get("/console/"))
    assert "Nobody answers for Alder, so it is not drawn." in html
    assert "A worker does not answer: Birch: http://10.0.0.9:8000" in html
    assert 'data-need="ends"' in html
    entries = said(ada.get("/console/entries"))
    assert entries.count("does not answer") == 2
    assert "http://10.0.0.9:8000" in entries


def test_a_team_with_a_name_in_hangul_has_an_address(contest, organizer):
    add_entry(slug="sonamu", name="소나무", team="팀 소나무")
    ada = organizer()
    path = re.search(r'href="(/team/[^"]+)">팀 소나무<', said(ada.get("/console/entries")))[1]
    assert "팀 소나무" in said(ada.get(path))


def test_the_log_is_read_in_pages_newest_first(contest, organizer):
    ada = organizer()
    for number in range(60):
        record(None, "export.asked", f"round {number}", board=number)
    record(None, "something.new", "round 1-run-off-2", reason="Because <b>.")
    first = said(ada.get("/console/log"))
    assert "· Run-off 2 of round 1</span>" in first
    assert "had board 59 exported" in first
    assert "something.new" in first
    assert "Because &lt;b&gt;." in first
    assert "had board 9 exported" not in first
    older = re.search(r'href="\?(before=\d+)"', first)[1]
    second = said(ada.get(f"/console/log?{older}"))
    assert "had board 9 exported" in second
    assert "had board 59 exported" not in second
    assert 'href="?before' not in second


def test_the_live_board_has_the_newest_edition(contest, organizer):
    ada = organizer()
    assert "Board 1 " in said(ada.get("/console/rounds/1/board"))
    fold(contest, anyway=True)
    assert "Board 2 " in said(ada.get("/console/rounds/1/board"))
    assert ada.get("/console/rounds/9/board").status_code == 404


def export_all() -> int:
    portions = 0
    while write_portion():
        portions += 1
    return portions


def test_an_edition_is_exported_shown_and_fetched(site, visitor, organizer):
    voted(visitor)
    fold(Round.objects.get())
    ada = organizer()
    ada.post("/console/exports/ask", {"round": "1", "board": ""}, shown_at="/console/exports")
    assert "data-under-way" in said(ada.get("/console/exports"))
    assert ada.get("/console/exports/progress").json() == {str(Export.objects.get().pk): {"percent": 0, "over": False}}
    export_all()
    page = said(ada.get("/console/exports"))
    paths = re.findall(r'href="(/console/exports/\d+/[^"]+)"', page)
    assert [path.rsplit("/", 1)[1] for path in paths] == [
        "README.md", "SHA256SUMS", "ballots.jsonl.gz", "board.csv", "board.json", "citation.bib", "datacite.json",
        "rulebook.json", "tallies.parquet",
    ]  # fmt: skip
    cookie = f"sessionid={ada.client.cookies['sessionid'].value}"
    files = {}
    for path in paths:
        answer = httpx.get(site + path, headers={"Cookie": cookie}, trust_env=False, timeout=PATIENCE)
        assert answer.status_code == 200
        assert answer.headers["Content-Length"] == str(len(answer.content))
        files[path.rsplit("/", 1)[1]] = answer.content
    for line in files["SHA256SUMS"].decode().splitlines():
        digest, name = line.split()
        assert hashlib.sha256(files[name]).hexdigest() == digest
    assert httpx.get(site + paths[0], trust_env=False, timeout=PATIENCE).status_code == 302
    assert "had board 2 exported" in said(ada.get("/console/log"))


def test_an_export_is_written_in_portions_and_goes_on_after_each(contest, organizer, monkeypatch):
    organizer()
    monkeypatch.setattr(export_queue, "PORTION_SECONDS", -1)
    monkeypatch.setattr("leaderboard.ballot_file.PART", 2)
    monkeypatch.setattr("leaderboard.ballot_file.published_ballots", lambda *_, **__: iter(()))
    board = Board.objects.get()
    Board.objects.filter(pk=board.pk).update(position=7)
    board.refresh_from_db()
    asked = ask_export(board, by=ada())
    told = []
    while write_portion():
        told.append(Export.objects.get().written)
    assert told == [2, 4, 6, 7]
    assert (folder_of(asked) / "SHA256SUMS").exists()


def ada():
    from accounts.models import User  # noqa: PLC0415

    return User.objects.get(username="ada")


def test_an_export_that_failed_says_why_and_goes_on_when_told(contest, organizer, tmp_path, settings):
    person = organizer()
    settings.DATA_DIR = tmp_path
    (tmp_path / "exports").write_text("in the way")
    person.post("/console/exports/ask", {"round": "1", "board": "1"}, shown_at="/console/exports")
    assert export_all() == 1
    assert "Not a directory" in said(person.get("/console/exports"))
    assert 'data-need="export_failed"' in said(person.get("/console/"))
    (tmp_path / "exports").unlink()
    person.post("/console/exports/ask", {"round": "1", "board": "1"}, shown_at="/console/exports")
    assert export_all() == 1
    assert "ballots.jsonl.gz" in said(person.get("/console/exports"))


@pytest.mark.parametrize(
    "asked", [{"round": "9"}, {"round": "x"}, {"round": "1", "board": "99"}, {"round": "1", "board": "x"}]
)
def test_a_board_that_is_not_there_is_not_exported(contest, organizer, asked):
    answer = organizer().post("/console/exports/ask", asked, shown_at="/console/exports")
    assert "There is no such board." in said(answer)
    assert not Export.objects.exists()
