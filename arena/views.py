"""The arena over HTTP: parse, call one domain function, answer."""

import dataclasses
import json
from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from arena.battles import battle_of, describe_battle, start_battle
from arena.erasing import erase_conversations
from arena.limits import find_room_in_line, spend_battle
from arena.middleware import refused
from arena.refusals import BadRequest, StaleForm
from arena.reports import report_side
from arena.visitors import address, the_visitor
from arena.voting import allowance, cast_vote, winner_named


def body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object sent; an empty body is an empty object. Raises BadRequest."""
    try:
        content = json.loads(request.body or b"{}")
    except (ValueError, RecursionError, RequestDataTooBig):  # not JSON, not UTF-8, too deep, too large
        raise BadRequest from None
    if not isinstance(content, dict):
        raise BadRequest
    return content


@require_POST
def battles(request: HttpRequest) -> HttpResponse:
    visitor = the_visitor(request)
    agreed = body(request).get("agreed") is True
    find_room_in_line()
    spend_battle(visitor, address(request))
    battle = start_battle(voter_id=visitor, agreed=agreed)
    return JsonResponse({"id": str(battle.id), "socket": f"/ws/battles/{battle.id}"}, status=201)


@never_cache
@require_GET
def battle(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    return JsonResponse(describe_battle(battle_of(battle_id, the_visitor(request))))


@require_POST
def vote(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    visitor = the_visitor(request)
    receipt = cast_vote(battle_id=battle_id, voter_id=visitor, winner=winner_named(body(request).get("winner")))
    return JsonResponse(dataclasses.asdict(receipt), status=201)


@require_POST
def report(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    content = body(request)
    report_side(
        battle_id=battle_id,
        voter_id=the_visitor(request),
        side=content.get("side"),
        text=content.get("text", ""),
    )
    return JsonResponse({"reported": True}, status=201)


@never_cache
@require_GET
def visitor(request: HttpRequest) -> HttpResponse:
    return JsonResponse(allowance(the_visitor(request)))


@require_POST
def erase(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"erased": erase_conversations(the_visitor(request))})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return refused(request, StaleForm())
