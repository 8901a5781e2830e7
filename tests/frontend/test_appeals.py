"""A team's page of appeals and a round's: made in time, read by whom they concern, published with their rulings."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from accounts.models import Membership, Team, User
from leaderboard.appeals.ruling import Verdict, confirm_ruling, dissent, propose_ruling
from leaderboard.models import Appeal, Round
from tests.leaderboard.test_appeals import appeal, organizer, over, published

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/team/team-dogwood/appeals"
TYPED = {
    "ground": "counting",
    "text": "Votes <b>are</b> missing.",
    "asks": "Count them.",
    "links": "https://example.org/",
}


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def appealed(contest):
    return published(contest)


def said(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def send(person, contest, **changes):
    return person.post(PATH, {"round": contest.pk, **TYPED, **changes})


def ruled(made, verdict, *, dissenting=""):
    ruling = propose_ruling(made, verdict, by=organizer("ahn"))
    if dissenting:
        dissent(ruling, by=organizer("cha"), words=dissenting)
    return confirm_ruling(ruling, by=organizer("bae"))


def test_an_owner_appeals_by_a_form_and_sees_how_long_is_left(appealed, member):
    owner = member("dogwood")
    page = said(owner.get(PATH))
    assert re.search(r"data-until=\"[^\"]+\"[^>]*>9 d 23 h \d+ min left<", page)
    answer = send(owner, appealed, files=SimpleUploadedFile("count.csv", b"hour,votes\n23,0\n"))
    assert "Appeal 1 is filed. Two organizers will rule on it." in said(answer)
    assert "Votes &lt;b&gt;are&lt;/b&gt; missing." in said(answer)
    assert "waits for a ruling" in said(answer)
    again = send(owner, appealed)
    assert "Appeal 1 is filed." in said(again)
    assert Appeal.objects.count() == 1


def test_what_was_typed_stays_where_it_is_refused(appealed, member):
    owner = member("dogwood")
    answer = send(owner, appealed, links="ftp://example.org", text="Typed with care.")
    assert answer.status_code == 400
    assert "Nothing was filed: evidence begins with an address on the web" in said(answer)
    assert "Typed with care." in said(answer)
    answer = send(owner, appealed, files=SimpleUploadedFile("page.html", b"<script>"))
    assert (answer.status_code, "only .pdf" in said(answer)) == (400, True)
    assert not Appeal.objects.exists()


def test_a_late_appeal_is_refused_on_the_page(appealed, member):
    owner = member("dogwood")
    page = owner.get(PATH)
    over(appealed)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())[1]
    answer = owner.client.post(PATH, {"csrfmiddlewaretoken": token, "round": appealed.pk, **TYPED})
    assert answer.status_code == 409
    assert "Nothing was filed: appeals could be made until" in said(answer)
    assert "The time for appeals is over." in said(answer)
    assert "data-appeal-form" not in said(owner.get(PATH))
    assert not Appeal.objects.exists()


def test_members_read_and_owners_speak(appealed, member):
    appeal(appealed)
    reader = member("dogwood", "member")
    page = said(reader.get(PATH))
    assert "Votes of the last hour are missing." in page
    assert "only owners of the team make one" in page
    assert "data-appeal-form" not in page
    assert "only an owner of the team speaks for it" in said(send(reader, appealed, ground="procedure"))
    answer = reader.post(f"{PATH}/1/1/withdraw", shown_at=PATH)
    assert "only an owner of the team speaks for it" in said(answer)
    assert Appeal.objects.get().waits


def test_an_owner_withdraws_an_appeal(appealed, member):
    appeal(appealed)
    owner = member("dogwood")
    assert "Appeal 1 is withdrawn." in said(owner.post(f"{PATH}/1/1/withdraw", shown_at=PATH))
    assert "ruled on or withdrawn already" in said(owner.post(f"{PATH}/1/1/withdraw", shown_at=PATH))


def test_a_file_is_only_kept_and_only_for_the_team_and_organizers(appealed, member, organizer, client):
    appeal(appealed)
    path = f"{PATH}/1/1/files/1"
    answer = member("dogwood", "member").get(path)
    assert answer.content == b"%PDF-1.7 of a count"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="count.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert organizer("eve").get(path).status_code == 200
    assert member("alder").get(path).status_code == 403
    assert client.get(path).status_code == 302
    rival = organizer("dan")
    Membership.objects.create(team=Team.objects.get(slug="team-alder"), user=User.objects.get(username="dan"))
    assert [rival.get(one).status_code for one in (path, PATH)] == [403, 403]


@pytest.mark.parametrize("path", ["/1/9/files/1", "/1/1/files/9", "/9/1/files/1", "/1-run-off/1/files/1"])
def test_a_file_that_is_not_there_is_not_found(appealed, member, path):
    appeal(appealed)
    assert member("dogwood").get(PATH + path).status_code == 404


def test_an_appeal_is_published_with_its_ruling_and_counted_before(appealed, client):
    made = appeal(appealed)
    page = said(client.get("/rounds/1/appeals", headers={"Accept-Language": "en"}))
    assert "1 made: 0 ruled on, 1 waiting, 0 withdrawn." in page
    assert "Votes of the last hour" not in page
    told = client.get("/api/v1/rounds/1/appeals").json()
    assert (told["filed"], told["waiting"], told["appeals"]) == (1, 1, [])
    ruled(made, Verdict("granted", "reinstate", "It was missing.", "빠졌습니다."), dissenting="It was not.")
    page = said(client.get("/rounds/1/appeals", headers={"Accept-Language": "en"}))
    for words in (
        "Appeal 1: Team Dogwood",
        "Votes of the last hour are missing.",
        "Ruling: Granted.",
        "It was missing.",
        "An organizer dissents:</strong> It was not.",
        "competes again, and nobody goes out in its place.",
        "count.pdf",
    ):
        assert words in page, words
    assert 'href="https://example.org/hour" rel="nofollow' in page
    assert "/files/" not in page
    told = client.get("/api/v1/rounds/1/appeals").json()["appeals"][0]
    assert told["ruling"]["reinstated"] == {"slug": "dogwood", "name": "Dogwood"}
    assert told["ruling"]["dissents"][0]["words"] == "It was not."
    korean = said(client.get("/rounds/1/appeals", headers={"Accept-Language": "ko"}))
    assert "빠졌습니다." in korean
    assert "결정: 인용." in korean


def test_the_public_log_tells_rulings_and_leads_to_them(appealed, client):
    made = appeal(appealed)
    assert "Team Dogwood" not in said(client.get("/log?kind=ruling"))
    ruled(made, Verdict("partly", "none", "It was counted late."))
    page = said(client.get("/log", headers={"Accept-Language": "en"}))
    told = "The appeal of Team Dogwood (The counting of votes): Granted in part. The result stays as it is."
    assert told in page
    assert 'href="/rounds/1/appeals#appeal-1"' in page
    line = client.get("/api/v1/log?kind=ruling").json()["lines"][0]
    assert (line["round"], line["told"]["outcome"], line["told"]["number"]) == ("1", "partly", 1)


def test_a_withdrawn_appeal_is_counted_and_never_told(appealed, member, client):
    appeal(appealed)
    member("dogwood").post(f"{PATH}/1/1/withdraw", shown_at=PATH)
    page = said(client.get("/rounds/1/appeals", headers={"Accept-Language": "en"}))
    assert "1 made: 0 ruled on, 0 waiting, 1 withdrawn." in page
    assert "Votes of the last hour" not in page


def test_hostile_words_stay_words(appealed, client):
    made = appeal(appealed, text='<script>alert(1)</script>"', asks="{{ 7 * 7 }}", links="https://example.org/?<b>")
    ruled(made, Verdict("dismissed", "none", "<img src=x onerror=alert(1)>"))
    html = client.get("/rounds/1/appeals").content.decode()
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "{{ 7 * 7 }}" in html


@pytest.mark.parametrize("path", ["/rounds/9/appeals", "/rounds/1-run-off/appeals"])
def test_there_are_no_appeals_of_what_is_not_there(appealed, client, path):
    assert client.get(path).status_code == 404
    assert client.get(f"/api/v1{path}").json()["code"] == "no_such_round"


def test_a_draft_has_no_page(appealed, client):
    Round.objects.update(state="draft")
    assert client.get("/rounds/1/appeals").status_code == 404


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_team_page_keeps_the_policy_and_the_language(appealed, member, language):
    ruled(appeal(appealed), Verdict("granted", "re_run", "So.", "그렇습니다."))
    appeal(appealed, ground="procedure")
    html = said(member("dogwood", language=language).get(PATH))
    assert f'<html lang="{language}">' in html
    assert html.count("<h1") == 1
    assert " style=" not in html
    for control in re.findall(r'<(?:input|select|textarea) id="([^"]+)"', html):
        assert f'for="{control}"' in html
    assert ("Withdraw the appeal" in html) == (language == "en")
