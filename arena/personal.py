"""Personal data in a visitor's text gives way to words, before anybody keeps it or sends it on.

Numbers are found by their shape, Korean ones first, and only where no longer number holds them. In doubt a resident
number goes and an ordinary number stays. What has no shape of its own (accounts, passports) needs a word beside it.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

# Short and English in every language: models know such placeholders, and a Korean one could turn the language of an
# answer. None holds a digit or an @, so that nothing can be found in them again.
RESIDENT, CARD, PHONE, EMAIL, ACCOUNT, PASSPORT = (
    "[resident number]",
    "[card]",
    "[phone]",
    "[e-mail]",
    "[account]",
    "[passport]",
)
LEFT_WINDOW, RIGHT_WINDOW = 24, 12  # characters in which a word counts as beside a number
DASHES = frozenset("‐‑‒–—―−ㅡー﹘﹣－\u00ad")


class Form(NamedTuple):
    """One way to write one kind of data. What matches and is plausible gives way to the word."""

    word: str
    pattern: re.Pattern[str]
    plausible: Callable[[str], bool] = lambda number: True


class Folds(dict[int, str]):
    """Each character as it is compared: NFKC where that is one character, any script's digit, any dash, any gap.

    One character stays one, so that a place in what is compared is the same place in the text. Digits in circles stay:
    they number the items of a list.
    """

    def __missing__(self, code: int) -> str:
        self[code] = folded = self.folded(chr(code))
        return folded

    @staticmethod
    def folded(character: str) -> str:
        if character in DASHES:
            return "-"
        if unicodedata.category(character) in {"Cf", "Zs"}:
            return " "
        digit = unicodedata.decimal(character, None)
        if digit is not None:
            return str(digit)
        compatible = unicodedata.normalize("NFKC", character)
        return compatible if len(compatible) == 1 and not compatible.isdigit() else character


FOLDS = Folds()


def digits_of(number: str) -> str:
    return re.sub("[^0-9]", "", number)


def binary(number: str) -> bool:
    return set(number) <= {"0", "1", " "}


def born(number: str) -> bool:
    """A real day, in the century that the seventh digit tells. The check digit is chance since October 2020."""
    digits = digits_of(number)
    century = 1900 if digits[6] in "1256" else 2000
    try:
        date(century + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return False
    return not binary(number)


def dialled(number: str) -> bool:
    return not binary(number)


def issued(number: str) -> bool:
    """A first digit and a length that cards have (ISO/IEC 7812; 9 is Korean cards for use at home), and Luhn."""
    digits = digits_of(number)
    first = {13: "4", 14: "3", 15: "3", 16: "234569", 17: "56", 18: "56", 19: "456"}.get(len(digits), "")
    if digits[0] not in first or (len(digits) == 15 and digits[1] not in "47"):
        return False
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


# Both ends refuse alike, in every form of a stage: otherwise a word set in one place would free a number beside it,
# and masking twice would differ from masking once. Every repetition is bounded.
OPEN, CLOSE = r"(?<![0-9])(?<![0-9]-)", r"(?![0-9]|-[0-9])"
# Without hyphens a number could as well be part of a hash, a decimal, an address or a version.
ALONE, ENDS = r"(?<![0-9A-Za-z])(?<![0-9][-.])", r"(?![0-9A-Za-z]|[-.][0-9])"
GAP = r"(?: ?[-)/·_] {0,2}| {1,2})"
ABROAD = rf"(?:\(\+ ?82\)|\+ ?82|{OPEN}(?:00)?82(?=[ -]))[ -]{{0,3}}(?:\(0\) ?|0)?"
MOBILE = "1[016789]"
# Regions, internet telephony and numbers that stand in for others. 080 and 15xx are public services and stay.
REGION = "(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50[2-9])"
BIRTHDAY = "[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"


def card(shape: str) -> Form:
    """Groups of so many digits with the same gap between them."""
    first, second, *more = (f"[0-9]{{{length}}}" for length in shape.split("-"))
    return Form(
        CARD, re.compile(OPEN + first + "( ?- ?| )" + second + "".join(rf"\1{group}" for group in more) + CLOSE), issued
    )


FORMS = (
    Form(
        EMAIL,
        # Not an address of git, nor a picture's name for dense screens (logo@2x.png).
        re.compile(
            r"[A-Za-z0-9._%+-]{1,64}+(?<!(?<![A-Za-z0-9._%+-])git)@(?![1-9]x\.)"
            r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24}"
        ),
    ),
    Form(RESIDENT, re.compile(rf"{OPEN}{BIRTHDAY}(?: {{0,2}}[-/~_] {{0,2}}| {{1,2}})[1-8][0-9]{{6}}{CLOSE}"), born),
    *map(card, ("4-4-4-4-3", "4-4-4-4", "4-6-5", "4-6-4", "4-4-4-1", "4-4-5", "6-13")),
    Form(
        PHONE,
        re.compile(
            rf"(?:\(0{MOBILE}\) ?[0-9]{{3,4}}{GAP}?|{ABROAD}{MOBILE}{GAP}?[0-9]{{3,4}}{GAP}?"
            rf"|{OPEN}0{MOBILE}(?:{GAP}[0-9]{{3,4}}{GAP}?|[0-9]{{3,4}}{GAP}))[0-9]{{4}}{CLOSE}"
        ),
        dialled,
    ),
    Form(
        PHONE,
        re.compile(
            rf"(?:\(0{REGION}\) ?[1-9][0-9]{{2,3}}{GAP}?|{ABROAD}{REGION}{GAP}?[1-9][0-9]{{2,3}}{GAP}?"
            rf"|(?<![A-Za-z]){OPEN}0{REGION}(?:{GAP}[1-9][0-9]{{2,3}}{GAP}| ?[-)] ?[1-9][0-9]{{2,3}}))[0-9]{{4}}{CLOSE}"
        ),
        dialled,
    ),
    # From here on nothing but digits, or dots between them.
    Form(RESIDENT, re.compile(rf"{ALONE}{BIRTHDAY}[1-8][0-9]{{6}}{ENDS}"), born),
    Form(CARD, re.compile(rf"{ALONE}[0-9]{{13,19}}{ENDS}"), issued),
    Form(
        PHONE,
        re.compile(
            rf"{ALONE}(?:010[0-9]{{8}}|01[16789][0-9]{{7,8}}|8210[0-9]{{8}}"
            rf"|0(?:{MOBILE}|{REGION})\.[1-9][0-9]{{2,3}}\.[0-9]{{4}}){ENDS}"
        ),
        dialled,
    ),
)

# What is personal only beside a word.
BESIDE = re.compile(
    rf"(?P<passport>(?<![0-9A-Za-z])(?:[A-Za-z]{{1,2}}[0-9]{{7,8}}|[A-Za-z][0-9]{{3}}[A-Za-z][0-9]{{4}}){ENDS})"
    rf"|(?P<line>{ALONE}0{REGION}[1-9][0-9]{{6,7}}{ENDS})"
    rf"|(?P<account>{ALONE}(?:[0-9](?:-?[0-9]){{9,13}}|[0-9]{{3,6}}(?: [0-9]{{2,6}}){{2,3}}?){ENDS})"
)
AMOUNT = re.compile(r" ?(?:원|달러|엔|만|억|조|개|명|won|KRW|USD)")
BANK = (
    r"계좌|통장|입금|송금|이체|예금|은행(?!나무|잎|알|열매|동)|뱅크|농협|신협|수협|새마을금고"
    r"|(?<![a-z])(?:bank(?:ing)?|iban|account (?:no|number))(?![a-z])"
)
TELEPHONE = r"전화|연락처|팩스|(?<![a-z])(?:tel|phone|telephone|fax|call)(?![a-z])"
WORDS = {
    "passport": (PASSPORT, re.compile(r"여권|passport", re.IGNORECASE)),
    "line": (PHONE, re.compile(TELEPHONE, re.IGNORECASE)),
    "account": (ACCOUNT, re.compile(rf"{BANK}|{re.escape(ACCOUNT)}", re.IGNORECASE)),
}
ANOTHER = re.compile(r"[0-9@\[\]\n]")


def mask_personal(text: str) -> str:
    """The text with a word such as [phone] in place of each personal number or address, and otherwise unchanged."""
    view = text.translate(FOLDS)
    if not re.search("[0-9@]", view):
        return text
    for form in FORMS:
        spans = list(found(form, view))
        if spans:
            text, view = replaced(text, spans, form.word), replaced(view, spans, form.word)
    return beside_words(text, view)


def found(form: Form, view: str) -> Iterator[tuple[int, int]]:
    start = 0
    while match := form.pattern.search(view, start):
        if form.plausible(match[0]):
            yield match.span()
            start = match.end()
        else:
            start = match.start() + 1  # another may begin inside what was none


def replaced(text: str, spans: list[tuple[int, int]], word: str) -> str:
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(text)]
    return word.join(text[end:start] for end, start in zip(ends, starts, strict=True))


def beside_words(text: str, view: str) -> str:
    """Accounts, passports and bare telephone numbers, each by a word shortly before or after it."""
    masked, before, done = "", "", 0
    for match in BESIDE.finditer(view):
        start, end = match.span()
        # The words before are read as masked, those after only up to the next number: masked again, nothing is nearer.
        masked, before = masked + text[done:start], (before + view[done:start])[-LEFT_WINDOW:]
        after = ANOTHER.split(view[end : end + RIGHT_WINDOW], maxsplit=1)[0]
        word = word_beside(match, before, after)
        masked, before = masked + (word or text[start:end]), before + (word or view[start:end])
        done = end
    return masked + text[done:]


def word_beside(match: re.Match[str], before: str, after: str) -> str | None:
    kinds = {"passport": ("passport",), "line": ("line", "account"), "account": ("account",)}[match.lastgroup or ""]
    for kind in kinds:
        word, words = WORDS[kind]
        if kind == "account" and not banked(match[0], after):
            continue
        if words.search(before) or words.search(after):
            return word
    return None


def banked(number: str, after: str) -> bool:
    return 10 <= len(digits_of(number)) <= 14 and not (number.isdigit() and AMOUNT.match(after))
