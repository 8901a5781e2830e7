"""The OpenAPI description of the public API: ninja's, with what all its answers share."""

import json
from functools import cache
from typing import Any

from ninja import NinjaAPI

from arena.middleware import PROBLEM
from leaderboard.answers import RefusalOut

PROBLEMS = f"#/components/schemas/{RefusalOut.__name__}"
CONTENT = {PROBLEM: {"schema": {"$ref": PROBLEMS}}}
ANY_ANSWER = {400: "It was not understood", 429: "Too many requests", 503: "The site cannot answer at the moment"}


@cache
def description(api: NinjaAPI) -> bytes:
    """Made once a process: it says the same until the next release."""
    schema: dict[str, Any] = api.get_openapi_schema()
    for operations in schema["paths"].values():
        for operation in operations.values():
            answers = {str(status): answer for status, answer in operation["responses"].items()}
            for status, words in ANY_ANSWER.items():
                answers.setdefault(
                    str(status), {"description": words, "content": {PROBLEM: {"schema": {"$ref": PROBLEMS}}}}
                )
            operation["responses"] = {status: as_problem(answer) for status, answer in sorted(answers.items())}
    return json.dumps(schema, ensure_ascii=False).encode()


def as_problem(answer: dict[str, Any]) -> dict[str, Any]:
    """A refusal is a problem, and says so in its type."""
    content = answer.get("content", {}).get("application/json")
    if content and content["schema"].get("$ref") == PROBLEMS:
        return {**answer, "content": {PROBLEM: content}}
    return answer
