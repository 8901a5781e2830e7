"""The language of a prompt, by lingua, and by two rules of ours for what it cannot know.

The library is loaded when it is first asked, in the process that asks: with its models it takes some 150 MB.
"""

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lingua import LanguageDetector

UNKNOWN = "und"  # ISO 639: undetermined
KOREAN, ENGLISH = "ko", "en"
# Of what is written in Latin letters only few can be told apart in three words: each more takes from the others.
KNOWN = ("KOREAN", "ENGLISH", "JAPANESE", "CHINESE", "RUSSIAN", "VIETNAMESE", "SPANISH", "FRENCH", "GERMAN")
APART = 0.25  # by how much the likeliest must stand out; less and "Is 7 prime?" is Spanish

QUOTED = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|\"[^\"\n]*\"|“[^”\n]*”|(?<!\w)'[^'\n]*'|‘[^’\n]*’|https?://\S+", re.DOTALL
)
HANGUL_WORD = re.compile(r"(?<!\w)[가-힣]+")
LATIN = re.compile(r"[a-z]", re.IGNORECASE)


def language_of(text: str) -> str:
    """ISO 639-1, or "und" for what has no letters or is in none of the languages known here.

    Code and quotations are not the asker's words, unless there are no others. Who writes two words of Hangul asks in
    Korean, however long the English that is to be translated. What lingua cannot tell apart, in Latin letters, is
    English: "hi" is Vietnamese as well.
    """
    own = QUOTED.sub(" ", text)
    asked = own if any(map(str.isalpha, own)) else text
    if len(HANGUL_WORD.findall(asked)) > 1:
        return KOREAN
    found = detector().detect_language_of(asked)
    if found is not None:
        return found.iso_code_639_1.name.lower()
    return ENGLISH if LATIN.search(asked) else UNKNOWN


@cache
def detector() -> "LanguageDetector":
    from lingua import Language, LanguageDetectorBuilder  # noqa: PLC0415  large; see above

    known = [getattr(Language, name) for name in KNOWN]
    return LanguageDetectorBuilder.from_languages(*known).with_minimum_relative_distance(APART).build()
