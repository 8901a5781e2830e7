"""What kind of question a battle asked and how its answers looked, by rules that anybody can read.

A label follows from what the visitor saw and from nothing else. It holds names of rules and counts, never words: the
text may be erased, and the label stays. Categories go by prompts alone, for an answer must not choose the board it is
counted on. Who changes what a rule finds raises RULES: a label says which rules it was made by.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from arena.languages import language_of

RULES = 1
LONG = 500  # characters of one prompt

Categories = dict[str, dict[str, int]]
"""The categories a battle is in, each with the rules that said so and how often they did."""
Style = dict[str, list[int]]
"""How much of each thing the answers on side a and on side b have."""


class Seen(NamedTuple):
    """A turn as the visitor saw it."""

    prompt: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Labels:
    """What the rules say of a battle."""

    language: str
    categories: Categories
    style: Style


FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)


def words(latin: str, hangul: str) -> re.Pattern[str]:
    """Any of these, whole. Korean particles are written onto their word: Hangul matches where it begins a word."""
    return re.compile(rf"(?<![a-z0-9])(?:{latin})(?![a-z0-9])|(?<![가-힣])(?:{hangul})", re.IGNORECASE)


# Each rule of a category is a pattern that is looked for in the prompts. Code in a fence is nobody's maths or writing.
PATTERNS: dict[str, dict[str, re.Pattern[str]]] = {
    "code": {
        "fence": FENCED,
        "syntax": re.compile(
            r"^\s*(?:def \w+\(|class \w+[(:{]|import \w+|from \w+ import |#include\b|(?:const|let|var) \w+ ?="
            r"|function \w*\()|;\s*$|\w\(\)|</\w+>|=>|\bSELECT\b.+\bFROM\b",
            re.MULTILINE,
        ),
        "words": words(
            r"python|javascript|typescript|java|c\+\+|c#|rust|golang|kotlin|sql|html|css|regex|json|docker|git|linux"
            r"|bash|api|code|coding|debug|algorithm|unit tests?|compiler",
            r"파이썬|자바|코드|코딩|프로그래밍|디버그|디버깅|알고리즘|정규식|컴파일|스크립트"
            r"|함수를? ?(?:구현|작성|만들)",
        ),
    },
    "maths": {
        "formula": re.compile(
            r"\\(?:frac|int|sum|sqrt|lim|begin|cdot|times|alpha|theta|pi)\b|\$[^$\n]*[\\^_=][^$\n]*\$|[∫∑√∂∞≤≥≠]"
        ),
        "arithmetic": re.compile(r"\d\s*[+*×÷^]\s*\d|\d\s+[-−/]\s+\d|\d\s*[-−/]\s*\d+\s*="),
        "equation": re.compile(
            r"(?<![a-z])\d*[a-z]\s*(?:\^\s*\d|²|³)|(?<![a-z])\d*[xyz]\s*[-+*/=]\s*\d", re.IGNORECASE
        ),
        "words": words(
            r"integrals?|integrate|derivatives?|equations?|theorem|prove that|probability|matrix|eigenvalues?"
            r"|polynomial|prime numbers?|geometry|algebra|calculus|maths?|arithmetic|square root|factorial|logarithm",
            r"수학|적분|미분|방정식|확률|증명|행렬|소수인|함수의 ?(?:극한|최[대솟])|인수분해|제곱근|로그함수"
            r"|기하|삼각함수|몇 ?퍼센트",
        ),
    },
    "writing": {
        "words": words(
            r"(?:write|compose|draft|rewrite|rephrase|proofread|edit)(?: \w+){0,4}"
            r" (?:poem|haiku|story|stories|novel|essay|letter|e-?mail|speech|song|lyrics|blog|article|review|paragraph"
            r"|text|sentence|tweet|post|slogan|summary)s?|proofread|rephrase|paraphrase|haiku|limerick",
            r"(?:시|소설|이야기|동화|수필|에세이|편지|이메일|메일|연설문|가사|블로그|기사|자기소개서|자소서|독후감"
            r"|문구|광고|보고서|글)[을를도]?(?: [가-힣]+){0,2} ?(?:써|쓰|작성|지어|적어|다듬|고쳐|만들)"
            r"|맞춤법|문장을 ?(?:다듬|고쳐|바꿔)|교정해|윤문",
        ),
    },
}

# What the answers are compared by. Code is left out: in it, a # begins a comment and a - an argument.
STYLE = {
    "headers": re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.MULTILINE),
    "lists": re.compile(r"^[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+\S", re.MULTILINE),
    "bold": re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__"),
}


def labels_of(turns: Sequence[Seen]) -> Labels:
    """The labels of a battle from its turns, in order; at least one."""
    prompts = [turn.prompt for turn in turns]
    return Labels(
        language=language_of("\n".join(prompts)),
        categories=categories_of(prompts),
        style=style_of([turn.a for turn in turns], [turn.b for turn in turns]),
    )


def categories_of(prompts: Sequence[str]) -> Categories:
    """The categories of these prompts, each with what it rests on."""
    text = "\n".join(prompts)
    prose = FENCED.sub("", text)
    found: Categories = {}
    for category, rules in PATTERNS.items():
        place = text if category == "code" else prose
        counts = {name: sum(1 for _ in rule.finditer(place)) for name, rule in rules.items()}
        if fired := {name: count for name, count in counts.items() if count}:
            found[category] = fired
    longest = max(map(len, prompts))
    if longest >= LONG:
        found["long"] = {"characters": longest}
    if len(prompts) > 1:
        found["multi_turn"] = {"turns": len(prompts)}
    return found


def style_of(a: Sequence[str], b: Sequence[str]) -> Style:
    """What all answers of a side have together: characters, headers, list items, bold words."""
    looks = [look_of("\n".join(side)) for side in (a, b)]
    return {thing: [look[thing] for look in looks] for thing in looks[0]}


def look_of(text: str) -> dict[str, int]:
    prose = FENCED.sub("", text)
    return {"length": len(text)} | {thing: sum(1 for _ in rule.finditer(prose)) for thing, rule in STYLE.items()}
