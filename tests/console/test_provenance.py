"""Organizers state what a model is and where it comes from, and which model it is stays so once a round opened."""

import pytest

from accounts.models import Action, User
from inference.models import Component, Entry
from leaderboard.hosting import enter_entry
from tests.console.test_console import said
from tests.console.test_rounds import form

PAGE = "/console/entries/fir/about"
PART = {"part-0-kind": "backbone", "part-0-name": "fir-base", "part-0-start": "scratch"}


@pytest.fixture
def ada(transactional_db, organizer):
    person = organizer()
    enter_entry(slug="fir", name="Fir", team="Team Fir", by=User.objects.get(username=person.name))
    return person


def send(person, **changes):
    """The form as it is shown, with changes."""
    fields = {name: values[0] for name, values in form(person.get(PAGE)).items()}
    return person.post(PAGE, fields | changes, shown_at=PAGE)


def test_what_is_stated_is_public_logged_and_shown_again(ada):
    assert "Everybody can read it" in said(
        send(ada, weights_digest="a" * 64, context_length="8192", licence="MIT", open_code="open", **PART)
    )
    fir = Entry.objects.get(slug="fir")
    assert (fir.weights_digest, fir.context_length, fir.open_code, fir.reasoning) == ("a" * 64, 8192, "open", "")
    page = said(ada.get("/entries/fir"))
    assert "8,192 tokens" in page
    assert "fir-base" in page
    # The form holds it, so that what is not touched stays; a part whose name is taken away is gone.
    said(send(ada, **{"part-0-name": "", "context_length": ""}))
    fir.refresh_from_db()
    assert (fir.weights_digest, fir.context_length, Component.objects.count()) == ("a" * 64, None, 0)
    send(ada)
    assert [row.details["changed"] for row in Action.objects.filter(action="entry.described").order_by("id")] == [
        "weights_digest, context_length, licence, open_code, components",
        "context_length, components",
    ]
    assert "stated what Fir is: context_length, components" in said(ada.get("/console/log"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"weights_digest": "abc"}, "Digest of the weights (SHA-256): a digest is a SHA-256"),
        ({"context_length": "many"}, "Context in tokens: "),
        ({"licence_url": "javascript:alert(1)"}, "Address of the licence: "),
        ({**PART, "part-0-evidence": "ftp://example.org"}, "Evidence: "),
        ({**PART, "part-1-kind": "backbone", "part-1-name": "fir-base"}, "the part fir-base is named twice"),
    ],
)
def test_what_cannot_be_stated_comes_back_with_its_words_and_all_that_was_typed(ada, wrong, words):
    answer = send(ada, licence="MIT", **wrong)
    assert (answer.status_code, words in answer.content.decode()) == (409, True)
    typed = {name: values[0] for name, values in form(answer).items()}
    assert typed.items() >= {"licence": "MIT", **wrong}.items()
    assert (Entry.objects.get().licence, Component.objects.count()) == ("", 0)


def test_once_a_round_has_opened_only_what_does_not_say_which_model_it_is_may_be_corrected(contest, organizer):
    ada, page = organizer(), "/console/entries/alder/about"
    fields = {name: values[0] for name, values in form(ada.get(page)).items()}
    assert "weights_digest" not in fields
    said(ada.post(page, fields | {"licence": "MIT"}, shown_at=page))
    swapped = ada.post(page, fields | {"weights_digest": "a" * 64}, shown_at=page)
    assert (swapped.status_code, "may not change" in swapped.content.decode()) == (409, True)
    alder = Entry.objects.get(slug="alder")
    assert (alder.licence, alder.weights_digest) == ("MIT", "")
