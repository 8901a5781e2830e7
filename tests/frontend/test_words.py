"""No word of the site lacks its Korean, and no script lacks a word."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

from frontend.words import arena_words, board_words, embed_words, privacy_words, team_words

ROOT = Path(__file__).resolve().parents[2]
PO = ROOT / "frontend" / "locale" / "ko" / "LC_MESSAGES" / "django.po"
APPS = ("accounts", "inference", "arena", "leaderboard", "frontend", "config")
SAID = re.compile(r"\b_?n?p?(?:gettext)?\(((?:\s|,|u(?=['\"])|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")+)")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


@pytest.fixture(scope="module")
def korean() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="ko")


def said_in_templates() -> Iterator[str]:
    templates = ROOT / "frontend" / "templates"
    for path in sorted([*templates.rglob("*.html"), *templates.rglob("*.txt")]):
        for match in SAID.finditer(templatize(path.read_text(), origin=str(path))):
            if match[1].strip(" ,"):
                spoken = ast.literal_eval(f"({match[1].strip().rstrip(',')},)")
                yield spoken[-1] if "pgettext" in match[0][:10] else spoken[0]


def said_in_python() -> Iterator[str]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "node_modules" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    yield from said_by(node.func.id, node.args)


def said_by(function: str, args: list[ast.expr]) -> Iterator[str]:
    position = 1 if function.startswith("pgettext") else 0
    if function in {
        "_",
        "gettext",
        "gettext_noop",
        "gettext_lazy",
        "ngettext",
        "ngettext_lazy",
        "pgettext",
        "pgettext_lazy",
    }:
        text = args[position]
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            yield text.value


def singular(message_id: str | tuple[str, ...] | list[str]) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]


def test_the_catalogue_has_every_word_of_the_site(korean: Catalog) -> None:
    known = {singular(message.id) for message in korean if message.id}
    said = {*said_in_templates(), *said_in_python()}
    assert len(said) > 150
    assert said - known == set(), "run makemessages, then translate"
    assert known - said == set(), "no longer said anywhere"


def test_no_korean_is_missing_or_fuzzy(korean: Catalog) -> None:
    messages = [message for message in korean if message.id]
    assert [message.id for message in messages if message.fuzzy] == []
    assert [message.id for message in messages if not all(forms(message.string))] == []


def forms(string: str | tuple[str, ...] | list[str] | None) -> list[str]:
    if string is None:
        return [""]
    return [string] if isinstance(string, str) else list(string)


def test_korean_keeps_the_placeholders(korean: Catalog) -> None:
    for message in korean:
        if not message.id:
            continue
        possible = {name for form in forms(message.id) for name in PLACEHOLDER.findall(form)}
        for form in forms(message.string):
            given = set(PLACEHOLDER.findall(form))
            assert given <= possible, message.id
            # Korean has one form for every number, so that it has to say which.
            assert given == possible, message.id


@pytest.mark.parametrize(
    ("scripts", "words"),
    [
        (["arena.ts"], arena_words),
        (["board.ts", "standings.ts"], board_words),
        (["embed.ts", "standings.ts"], embed_words),
        (["privacy.ts"], privacy_words),
        (["team.ts"], team_words),
    ],
)
def test_a_script_is_handed_the_words_it_asks_for(scripts: list[str], words: object) -> None:
    assert callable(words)
    asked = set[str]()
    for script in scripts:
        found = re.search(r"readWords\(\[(.*?)\]\)", (ROOT / "frontend" / "src" / script).read_text(), re.DOTALL)
        assert found is not None
        asked |= set(re.findall(r'"(\w+)"', found[1]))
    assert asked == set(words())
