"""What organizers and teams write for everybody to read: reasons of one line, and texts of several."""

import unicodedata

from django.utils.translation import gettext as _

REASON_LENGTH = 300
TEXT_LENGTH = 4000
# What comes along when a text is copied from somewhere, and means no more than a space.
SPACES = str.maketrans({"\t": " ", "\u00a0": " ", "\u3000": " "})


def amiss(reason: str, reason_ko: str = "") -> str | None:
    """What keeps a reason from being published; None if nothing does."""
    if not reason.strip():
        return _("it needs a reason that everybody can read")
    if any(len(words) > REASON_LENGTH or not words.isprintable() for words in (reason, reason_ko)):
        return _("a reason is one line of at most {n} characters").format(n=REASON_LENGTH)
    return None


def as_text(words: str) -> str:
    """A text in its one spelling: as NFC, with plain line ends and spaces, and nothing around it."""
    lines = words.replace("\r\n", "\n").replace("\r", "\n").translate(SPACES)
    return unicodedata.normalize("NFC", lines).strip()


def text_amiss(*texts: str) -> str | None:
    """What keeps texts of several lines from being published; None if nothing does. Whether one may be empty is
    not looked at."""
    if any(len(text) > TEXT_LENGTH for text in texts):
        return _("a text has at most {n} characters").format(n=TEXT_LENGTH)
    if not all(line.isprintable() for text in texts for line in text.split("\n")):
        return _("the text holds a character that cannot be shown")
    return None
