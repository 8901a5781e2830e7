"""Reasons that organizers give and everybody can read."""

from django.utils.translation import gettext as _

REASON_LENGTH = 300


def amiss(reason: str, reason_ko: str = "") -> str | None:
    """What keeps a reason from being published; None if nothing does."""
    if not reason.strip():
        return _("it needs a reason that everybody can read")
    if any(len(words) > REASON_LENGTH or not words.isprintable() for words in (reason, reason_ko)):
        return _("a reason is one line of at most {n} characters").format(n=REASON_LENGTH)
    return None
