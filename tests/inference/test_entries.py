"""What an entry is: stated by its team, and fixed from the moment a round over it opens."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, transaction

from inference.models import Component, Entry
from leaderboard.models import Participation
from tests.conftest import make_contest

DIGEST = "0f" * 32
CARD = {
    "weights_digest": DIGEST,
    "weights_revision": "v1.2",
    "stack": "vLLM 0.11",
    "stack_commit": "abcdef0",
    "chat_template_digest": "1a" * 32,
    "context_length": 131072,
    "reasoning": "auto",
    "licence": "Apache-2.0",
    "licence_url": "https://www.apache.org/licenses/LICENSE-2.0",
    "commercial_use": "allowed",
    "open_weights": "open",
    "open_code": "on_request",
    "open_data": "closed",
    "components": [
        {"kind": "tokenizer", "name": "alder-bpe", "origin": "Team Alder", "start": "scratch"},
        {
            "kind": "encoder",
            "name": "<b>vision</b>",
            "origin": "Another lab",
            "licence": "MIT",
            "start": "frozen",
            "evidence": "https://example.org/encoder",
        },
    ],
}


def described(tmp_path, slug="alder", **card):
    file = tmp_path / "card.json"
    file.write_text(json.dumps(card))
    call_command("describe_entry", slug, file)


@pytest.fixture
def alder(transactional_db, worker):
    call_command("add_entry", "alder", name="Alder", team="Team Alder", worker=worker.url)
    return Entry.objects.get(slug="alder")


def page(client, language):
    return client.get("/entries/alder", headers={"Accept-Language": language}).content.decode()


def test_an_entry_is_described_for_everybody_in_both_languages(client, alder, tmp_path):
    assert "Its team has stated nothing about its parts." in page(client, "en")
    described(tmp_path, **CARD)
    english, korean = page(client, "en"), page(client, "ko")
    for words in (
        DIGEST,
        "vLLM 0.11 abcdef0",
        "131,072 tokens",
        "As the model decides",
        "Allowed",
        "Not public",
        "Made from scratch",
        "Taken over unchanged",
        "It can be changed until a round over it opens",
    ):
        assert words in english
    for words in ("131,072토큰", "비공개", "처음부터 새로 만듦", "기존 것을 그대로 사용", "허용"):
        assert words in korean
    assert 'href="https://example.org/encoder" rel="noopener nofollow"' in english
    assert "<b>vision</b>" not in english
    described(tmp_path, open_logs="closed")
    assert (Entry.objects.get().weights_digest, Component.objects.count()) == (DIGEST, 2)


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ({"weights_digest": "abc"}, "weights_digest: a digest is a SHA-256"),
        ({"reasoning": "much"}, "reasoning: "),
        ({"context_length": -1}, "context_length: "),
        ({"licence_url": "javascript:alert(1)"}, "licence_url: "),
        ({"team": "Other"}, "there is no team to be stated"),
        ({"components": [{"kind": "heart", "name": "x"}]}, "kind: "),
        ({"components": [{"kind": "data", "name": "x", "evidence": "ftp://example.org"}]}, "evidence: "),
        ({"components": [{"kind": "data", "name": "x", "entry": 1}]}, "there is no entry to be stated"),
        ({"components": {}}, "components must be a list"),
    ],
)
def test_what_cannot_be_said_of_an_entry_is_refused(alder, tmp_path, card, words):
    with pytest.raises(CommandError, match=words):
        described(tmp_path, **{"licence": "Other", **card})
    assert (Entry.objects.get().licence, Component.objects.count()) == ("", 0)


def test_the_database_links_to_the_web_alone(alder):
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.update(licence_url="javascript:alert(1)")
    with pytest.raises(IntegrityError), transaction.atomic():
        Component.objects.create(entry=alder, kind="data", name="x", evidence="data:text/html,x")


def test_a_swap_is_refused_once_a_round_has_opened(client, contest, tmp_path):
    with pytest.raises(CommandError, match="alder takes part in a round that has opened, and its weights_digest may"):
        described(tmp_path, weights_digest=DIGEST)
    for field in ("name", "slug", "base", "weights_digest", "stack", "chat_template_digest", "reasoning"):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            Entry.objects.filter(slug="alder").update(**{field: "on"})
    for change in ({"frozen_at": None}, {"context_length": 1}, {"team": Entry.objects.get(slug="birch").team}):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            Entry.objects.filter(slug="alder").update(**change)
    # What is said of it may be corrected, and what is said again is no change.
    described(tmp_path, name="Alder", licence="MIT", components=CARD["components"])
    assert Entry.objects.get(slug="alder").licence == "MIT"
    assert "Fixed since" in page(client, "en")


def test_who_comes_in_later_is_fixed_too_and_who_waits_is_not(worker, transactional_db, tmp_path):
    make_contest(worker, 3)
    for slug in ("elm", "fir"):
        call_command("add_entry", slug, name=slug.title(), team=f"Team {slug}", worker=worker.url)
    call_command("admit_entry", "elm", reason="The panel admits it.")
    assert Participation.objects.get(entry__slug="elm").entry.frozen_at
    described(tmp_path, slug="fir", stack="vLLM 0.11")
    with pytest.raises(CommandError, match="elm takes part"):
        described(tmp_path, slug="elm", stack="vLLM 0.11")
