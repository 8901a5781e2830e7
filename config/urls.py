from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from leaderboard.api import api


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", include("arena.urls")),
    path("api/v1/", api.urls),
    path("", include("frontend.urls")),
]
