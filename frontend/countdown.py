"""Countdowns: what is left until a moment, in words, and all that src/countdown.ts needs to go on from there."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _


def countdown(until: datetime | None, over: str = "") -> dict[str, str] | None:
    """How long is left by the server's clock; over: what is said when it is none. None where nothing is waited for."""
    if until is None:
        return None
    now = timezone.now()
    forms = {"long": _("{days} d {hours} h {minutes} min left"), "short": _("{hours} h {minutes} min {seconds} s left")}
    return {
        "until": until.isoformat(),
        "now": now.isoformat(),
        "words": left_words(until - now, **forms) if until >= now else over,
        "over": over,
        **forms,
    }


def end_of(ends_at: datetime | None) -> dict[str, str] | None:
    """The countdown to the end of a round."""
    return countdown(ends_at, _("The time is up."))


def left_words(left: timedelta, *, long: str, short: str) -> str:
    """Days, hours and minutes; on the last day seconds too."""
    hours, seconds = divmod(left.seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    return (long if left.days > 0 else short).format(days=left.days, hours=hours, minutes=minutes, seconds=seconds)
