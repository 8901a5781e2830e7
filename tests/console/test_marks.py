"""Marks in the console: typed into a table or read from a file, looked at, entered; and what the public then sees."""

import html
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Membership, Team, User
from leaderboard.models import Judge, Mark, Round, RoundState
from leaderboard.scoring.panels import add_judge
from tests.conftest import make_contest
from tests.console.test_rounds import form, said
from tests.leaderboard.scored import JANUARY, composite, with_one
from tests.leaderboard.test_marks import ANNOUNCED, announced

pytestmark = pytest.mark.django_db(transaction=True)

HOME = "/console/rounds/1/scores"
EVIDENCE = "https://example.org/marks.pdf"


def send(person, path, page=None, **changes):
    page = page or person.get(path)
    fields = {name: [html.unescape(str(one)) for one in values] for name, values in form(page).items()}
    return person.client.post(path, fields | changes, follow=True)


def cell(page, label):
    """The name of the field with this label."""
    found = re.search(rf'<input name="([^"]+)"[^>]*aria-label="{re.escape(label)}"', page.content.decode())
    return found[1]


@pytest.fixture
def january(transactional_db, worker):
    return make_contest(worker, 5, **composite(JANUARY))


@pytest.fixture
def panel(transactional_db, worker):
    contest = make_contest(worker, 3, **composite(with_one(1, fewest_judges=1)))
    add_judge(contest, "experts", name="김가람", pseudonym="J1")
    return contest


def upload(person, component, text, name="marks.csv"):
    token = form(person.get(f"{HOME}/{component}"))["csrfmiddlewaretoken"]
    file = SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode(), "text/csv")
    return person.client.post(f"{HOME}/{component}", {"csrfmiddlewaretoken": token, "file": file}, follow=True)


def test_the_figures_of_january_2026_go_in_by_files_and_come_out_as_announced(january, organizer):
    ada = organizer()
    for component in ANNOUNCED:
        filled = upload(ada, component, announced(component))
        assert "nothing is entered yet" in said(filled)
        sure = send(ada, f"{HOME}/{component}", filled, evidence=EVIDENCE)
        assert "Nothing is done yet." in said(sure)
        assert not Mark.objects.filter(component=component).exists()
        assert "The marks are entered." in said(send(ada, f"{HOME}/{component}", sure, sure="yes"))
    page = said(ada.get(HOME))
    for words in ("33.6", "31.60", "25.00", "90.2", "30.4", "28.56", "20.76", "79.7"):
        assert words in page
    assert len(Mark.objects.first().source_digest) == 64
    # Nothing of it is public before the result is.
    public = Client(headers={"Accept-Language": "en"})
    assert "90.2" not in said(public.get("/rounds/1/scores"))
    assert "is not public yet" in said(public.get("/rounds/1/scores"))
    told = public.get("/api/v1/rounds/1/scores").json()
    assert (told["public"], told["entries"], told["components"][0]["marks"]) == (False, [], [])
    assert told["components"][0]["scores"] == []
    Round.objects.update(state=RoundState.PROVISIONAL)
    shown = said(public.get("/rounds/1/scores"))
    for words in ("33.6", "31.60", "25.00", "90.2", "79.7", EVIDENCE):
        assert words in shown
    told = public.get("/api/v1/rounds/1/scores").json()
    assert [told["entries"][0][key] for key in ("slug", "total", "printed")] == ["alder", "90.2", "90.2"]
    assert told["average"]["total"] == {"exact": "79.72", "printed": "79.7"}


def test_a_mark_is_typed_looked_at_entered_and_corrected(panel, organizer):
    ada = organizer()
    page = ada.get(f"{HOME}/experts")
    field = cell(page, "Alder, 김가람")
    assert "marks need an address" in said(send(ada, f"{HOME}/experts", page, **{field: "20"}))
    sure = send(ada, f"{HOME}/experts", page, evidence=EVIDENCE, **{field: "20.5"})
    back = send(ada, f"{HOME}/experts", sure, sure="no")
    assert form(back)[field] == ["20.5"]
    send(ada, f"{HOME}/experts", sure, sure="yes")
    assert str(Mark.objects.get().value) == "20.5000"
    again = ada.get(f"{HOME}/experts")
    refused = send(ada, f"{HOME}/experts", again, evidence=EVIDENCE, **{field: "21"})
    assert "to replace it takes a reason" in said(refused)
    assert form(refused)[field] == ["21"]
    sure = send(ada, f"{HOME}/experts", again, evidence=EVIDENCE, reason="Misread.", **{field: ""})
    assert "taken back" in said(sure)
    send(ada, f"{HOME}/experts", sure, sure="yes")
    assert Mark.objects.last().value is None
    assert "김가람" in said(ada.get(HOME))
    assert "entered marks of experts: 0 new, 1 corrected" in said(ada.get("/console/log"))


def test_tests_take_their_error_or_their_questions_with_them(panel, organizer):
    ada = organizer()
    page = ada.get(f"{HOME}/benchmark")
    typed = {cell(page, "Alder, National"): "8.5 ± 0.25", cell(page, "Alder, Global / law"): "72.5 / 500"}
    for bad in ("8.5 ±", "8.5 9", "=1+1", "8,5"):
        answer = send(ada, f"{HOME}/benchmark", page, evidence=EVIDENCE, **{cell(page, "Alder, National"): bad})
        assert answer.status_code == 409
        assert "alder, National" in said(answer)
    send(ada, f"{HOME}/benchmark", send(ada, f"{HOME}/benchmark", page, evidence=EVIDENCE, **typed), sure="yes")
    found = {mark.section: (str(mark.error), mark.items) for mark in Mark.objects.all()}
    assert found == {"national": ("0.2500", None), "global": ("None", 500)}
    assert form(ada.get(f"{HOME}/benchmark"))[cell(page, "Alder, Global / law")] == ["72.5 / 500"]


def test_the_second_of_two_organizers_overwrites_nothing(panel, organizer):
    ada, bob = organizer(), organizer("bob")
    page = bob.get(f"{HOME}/experts")
    field = cell(page, "Alder, 김가람")
    for person, value in ((ada, "20"), (bob, "1")):
        sure = send(person, f"{HOME}/experts", page if person is bob else None, evidence=EVIDENCE, **{field: value})
        if person is ada:
            send(person, f"{HOME}/experts", sure, sure="yes")
    assert sure.status_code == 409
    assert "This was changed meanwhile" in said(sure)
    assert [str(mark.value) for mark in Mark.objects.all()] == ["20.0000"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("entry,judge,value\nalder,J1,=cmd\n", "row 2: =cmd is no number"),
        ("entry,judge,value\nnobody,J1,1\n", "row 2: nobody takes no part"),
        ("entry,judge,value\nalder,J9,1\n", "row 2: the rulebook has no place"),
        ("entry,judge,value\nalder,J1,1\nalder,김가람,2\n", "row 3: this mark stands twice"),
        (b"\xff\xfea", "UTF-16"),
        (b"x" * (1 << 21), "larger than 1024 KB"),
        (b"PK\x03\x04\0\0", "characters that are none"),
    ],
)
def test_a_file_that_is_wrong_says_where_and_fills_nothing(panel, organizer, text, words):
    answer = upload(organizer(), "experts", text)
    assert answer.status_code == 409
    assert words in said(answer)
    assert not Mark.objects.exists()


def test_judges_are_named_and_their_conflicts_noted(panel, organizer):
    ada = organizer()
    mole = User.objects.create(username="mole", email="mole@example.org")
    Membership.objects.create(team=Team.objects.get(slug="team-birch"), user=mole)
    page = ada.get(HOME)
    token = {name: form(page)[name] for name in ("csrfmiddlewaretoken", "seen")}
    judge = "/console/rounds/1/scores/experts/judge"
    refused = ada.client.post(judge, {**token, "name": "Mole", "email": "mole@example.org"}, follow=True)
    assert refused.status_code == 409
    assert "belongs to Team Birch, which competes" in said(refused)
    named = ada.client.post(judge, {**token, "name": "Ann"}, follow=True)
    assert "The judge is named." in said(named)
    ann = Judge.objects.get(name="Ann")
    assert ann.pseudonym == "02"
    conflict = "/console/rounds/1/scores/experts/conflict"
    noted = ada.client.post(conflict, {**token, "judge": ann.pk, "team": "team-alder", "why": "A friend."}, follow=True)
    assert "The conflict is noted" in said(noted)
    assert "conflict with Team Alder" in said(noted)


@pytest.mark.parametrize(
    ("told", "seen", "hidden"),
    [
        ("names", "김가람", "J1"),
        ("pseudonyms", "J1", "김가람"),
        ("mean", "20", "J1"),
    ],
)
def test_the_public_sees_of_judges_what_the_rulebook_says(transactional_db, worker, organizer, told, seen, hidden):
    contest = make_contest(worker, 2, **composite(with_one(1, told=told, fewest_judges=1), scores_public="at_once"))
    add_judge(contest, "experts", name="김가람", pseudonym="J1", email="garam@example.org")
    ada = organizer()
    page = ada.get(f"{HOME}/experts")
    typed = {cell(page, "Alder, 김가람"): "20", cell(page, "Birch, 김가람"): "21"}
    send(ada, f"{HOME}/experts", send(ada, f"{HOME}/experts", page, evidence=EVIDENCE, **typed), sure="yes")
    public = Client(headers={"Accept-Language": "en"})
    for content in (said(public.get("/rounds/1/scores")), said(public.get("/api/v1/rounds/1/scores"))):
        assert seen in content.encode().decode("unicode_escape" if "\\u" in content else "utf-8")
        assert hidden not in content
        assert "garam@example.org" not in content
    assert "Still missing" in said(public.get("/rounds/1/scores"))


def test_a_round_of_the_arena_has_no_page_of_scores(contest, organizer, client):
    assert client.get("/rounds/1/scores").status_code == 404
    assert client.get("/api/v1/rounds/1/scores").json()["components"] == []
    assert client.get("/api/v1/rounds/9/scores").json()["code"] == "no_such_round"
    ada = organizer()
    assert ada.get(HOME).status_code == 404
    assert ada.get(f"{HOME}/experts").status_code == 404
    assert client.get(HOME).status_code == 302
