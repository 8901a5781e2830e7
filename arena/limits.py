"""How often is too often. Limits brake floods; they are generous to a classroom behind one address."""

import time
from functools import cache
from uuid import UUID

from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from arena.refusals import TooMany

WINDOW_SECONDS = 600


@cache
def limiter() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(storage_from_string(settings.LIMITS_STORAGE))


def spend(limit: RateLimitItem, *who: str) -> None:
    """Take one from the allowance. Raises TooMany with the seconds until there is one again."""
    if not limiter().hit(limit, *who):
        window = limiter().get_window_stats(limit, *who)
        raise TooMany(max(1, int(window.reset_time - time.time()) + 1))


def spend_battle(voter: UUID, address: str) -> None:
    """A new battle, by visitor and by address."""
    spend(RateLimitItemPerSecond(settings.BATTLES_PER_VISITOR, WINDOW_SECONDS), "battle-visitor", str(voter))
    spend(RateLimitItemPerSecond(settings.BATTLES_PER_ADDRESS, WINDOW_SECONDS), "battle-address", address)
