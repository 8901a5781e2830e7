"""How a round is addressed: 1 for a round, 1-run-off for its run-off, 1-run-off-2 where that was taken back."""

import re

from django.db.models import QuerySet
from django.urls import register_converter

from leaderboard.models import Round

KEY = r"([1-9][0-9]{0,4})(-run-off(?:-([2-9]|[1-9][0-9]{1,2}))?)?"


class RoundKey:
    """A round's key in an address."""

    regex = re.sub(r"\((?!\?)", "(?:", KEY)  # Django numbers groups for itself

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: object) -> str:
        return str(value)


register_converter(RoundKey, "round_key")


def rounds_by(key: str) -> QuerySet[Round]:
    """The round with this key, or none, whatever the key may be."""
    named = re.fullmatch(KEY, key)
    if named is None:
        return Round.objects.none()
    number, run_off, leg = named.groups()
    return Round.objects.filter(number=int(number), leg=int(leg or 1) if run_off else 0)
