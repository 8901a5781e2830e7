"""How often is too often. Limits brake floods; they are generous to a classroom behind one address."""

import logging
import time
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from arena.refusals import LineIsFull, TooMany
from inference.line import length

log = logging.getLogger(__name__)

WINDOW_SECONDS = 600
CODES_PER_VISITOR, CODES_PER_ADDRESS = 10, 100  # tries in that time; a code has 100 bits


@cache
def limiter(storage: str) -> MovingWindowRateLimiter:
    # Redis that is away must not hold up a battle: redis-py would try for seconds before it says so.
    hasty: dict[str, Any] = {"retry": Retry(NoBackoff(), 1), "socket_timeout": 1, "socket_connect_timeout": 1}
    return MovingWindowRateLimiter(
        storage_from_string(storage, wrap_exceptions=True, **({} if storage.startswith("memory:") else hasty))
    )


def spend(limit: RateLimitItem, *who: str) -> None:
    """Take one from the allowance. Raises TooMany with the seconds until there is one again.

    Where the counts cannot be reached the limit is off, and the log says so: a flood brake must not stop a contest.
    """
    limits = limiter(settings.LIMITS_STORAGE)
    try:
        if limits.hit(limit, *who):
            return
        reset_at = limits.get_window_stats(limit, *who).reset_time
    except StorageError as why:
        log.error("limits are off: %s", why.storage_error)  # noqa: TRY400  a line at every battle is enough
        return
    raise TooMany(max(1, int(reset_at - time.time()) + 1))


@dataclass(frozen=True, slots=True)
class Allowance:
    """most: how often in the limit's time; left: how often still; seconds: until the oldest of them counts no more."""

    most: int
    left: int
    seconds: int


def allowance(limit: RateLimitItem, *who: str) -> Allowance | None:
    """What is left of a limit; None where the counts cannot be reached."""
    try:
        reset_at, left = limiter(settings.LIMITS_STORAGE).get_window_stats(limit, *who)
    except StorageError:
        return None  # spending it has said so in the log
    return Allowance(limit.amount, left, max(1, int(reset_at - time.time()) + 1))


def spend_battle(voter: UUID, address: str) -> None:
    """A new battle, by visitor and by address."""
    spend(RateLimitItemPerSecond(settings.BATTLES_PER_VISITOR, WINDOW_SECONDS), "battle-visitor", str(voter))
    spend(RateLimitItemPerSecond(settings.BATTLES_PER_ADDRESS, WINDOW_SECONDS), "battle-address", code_of(address))


def find_room_in_line() -> None:
    """Raises LineIsFull while as many battles wait for their places as may."""
    waiting, seconds = length()
    if waiting >= settings.LINE_PLACES:
        raise LineIsFull(min(max(seconds, 10), 600))


def spend_code(voter: UUID, address: str) -> None:
    """A try at an invitation code, by visitor and by address."""
    spend(RateLimitItemPerSecond(CODES_PER_VISITOR, WINDOW_SECONDS), "code-visitor", str(voter))
    spend(RateLimitItemPerSecond(CODES_PER_ADDRESS, WINDOW_SECONDS), "code-address", code_of(address))


def code_of(address: str) -> str:
    """What stands for the address in the counts: without our secret nobody can tell it from that."""
    return salted_hmac("arena.limits", address, algorithm="sha256").hexdigest()
