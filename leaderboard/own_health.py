"""How a team's model answers: how soon, how fast, and how often it could not.

It tells nothing of votes, and so it is told as it is now, also behind a frozen board.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Count, Q

from arena.models import Turn, TurnState
from inference.models import Entry
from leaderboard.models import DECIDED, Round, RoundState
from leaderboard.voids import failed, failed_turns

LAST = 200  # replies that the figures rest on


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of some figures, and what nine in ten of them do not exceed."""

    middle: float
    most: float


@dataclass(frozen=True, slots=True)
class Health:
    """first: seconds to the first words; pace: tokens a second after them; both of the last replies, or null.

    kinds: how the entry failed and how often; others: how often its opponents failed against it. against: the entries
    against which it failed, by id; null until the result is told.
    """

    replies: int
    first: Spread | None
    pace: Spread | None
    kinds: dict[str, int]
    others: int
    against: dict[int, int] | None


def health(contest: Round, entry: Entry) -> Health:
    own = Q(battle__entry_a=entry, fault_side="a") | Q(battle__entry_b=entry, fault_side="b")
    kinds = failed_turns(contest).filter(own).order_by().values_list("fault").annotate(n=Count("pk"))
    fails: Counter[tuple[int, int]] = failed(contest)
    told = replies_told(entry)
    ended = contest.state in (*DECIDED, RoundState.ANNULLED)
    return Health(
        replies=len(told),
        first=spread([one["first"] for one in told if one.get("first") is not None]),
        pace=spread([pace for one in told if (pace := pace_of(one)) is not None]),
        kinds=dict(sorted(kinds, key=lambda one: -one[1])),
        others=sum(n for (_who, against), n in fails.items() if against == entry.pk),
        against={against: n for (who, against), n in fails.items() if who == entry.pk} if ended else None,
    )


def replies_told(entry: Entry) -> list[dict[str, Any]]:
    """What is known of how the entry's last whole replies came."""
    turns = Turn.objects.filter(Q(battle__entry_a=entry) | Q(battle__entry_b=entry), state=TurnState.COMPLETE)
    rows = turns.order_by("-pk").values_list("battle__entry_a", "told_a", "told_b")[:LAST]
    return [told for a, told_a, told_b in rows if (told := told_a if a == entry.pk else told_b)]


def pace_of(told: dict[str, Any]) -> float | None:
    """Tokens a second after the first words."""
    seconds, first, tokens = (told.get(name) for name in ("seconds", "first", "tokens"))
    if not tokens or first is None or not seconds or seconds <= first:
        return None
    return float(tokens / (seconds - first))


def spread(figures: list[float]) -> Spread | None:
    return Spread(*np.quantile(figures, [0.5, 0.9]).tolist()) if figures else None
