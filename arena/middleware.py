"""The one place where a Refusal becomes an HTTP answer."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from arena.refusals import Refusal


def refusal_response(refusal: Refusal) -> JsonResponse:
    """`{"code", "message"}` with its status; Retry-After where the refusal knows it."""
    answer = JsonResponse({"code": refusal.code, "message": str(refusal.message)}, status=refusal.status)
    if refusal.retry_after:
        answer["Retry-After"] = str(refusal.retry_after)
    answer["Cache-Control"] = "no-store"
    return answer


class RefusalMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refusal_response(exception) if isinstance(exception, Refusal) else None
