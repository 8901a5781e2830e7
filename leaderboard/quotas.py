"""How often the API may be asked, and how each answer tells what is left of that.

The fields are those of the IETF's draft "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers-10).
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from limits import RateLimitItemPerMinute

from accounts.models import Token
from arena.limits import Allowance, allowance, code_of, spend
from arena.middleware import API, refused
from arena.refusals import TooMany
from arena.visitors import address

MINUTE = 60
TOKEN_A_MINUTE = 120  # requests of one token
KEPT = "leaderboard.quotas"  # in the request's META: what is left, by the name of the quota


def charge_address(request: HttpRequest) -> None:
    """One more request from an address. Raises TooMany."""
    charge(request, "address", settings.API_PER_ADDRESS, code_of(address(request)))


def charge_token(request: HttpRequest, token: Token) -> None:
    """One more request with a token. Raises TooMany."""
    charge(request, "token", TOKEN_A_MINUTE, str(token.pk))


def charge(request: HttpRequest, name: str, most: int, who: str) -> None:
    limit = RateLimitItemPerMinute(most)
    try:
        spend(limit, f"api-{name}", who)
    finally:
        left = allowance(limit, f"api-{name}", who)
        if left:
            request.META.setdefault(KEPT, {})[name] = left


def fields(left: dict[str, Allowance]) -> dict[str, str]:
    """The header fields that tell what is left; none where nothing is known."""
    if not left:
        return {}
    return {
        "RateLimit-Policy": ", ".join(f'"{name}";q={one.most};w={MINUTE}' for name, one in left.items()),
        "RateLimit": ", ".join(f'"{name}";r={one.left};t={one.seconds}' for name, one in left.items()),
    }


class Quotas:
    """Every request to the API counts, whatever becomes of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(API):
            return self.get_response(request)
        try:
            charge_address(request)
        except TooMany as refusal:
            answer = refused(request, refusal)
        else:
            answer = self.get_response(request)
        for name, value in fields(request.META.get(KEPT, {})).items():
            answer[name] = value
        return answer
