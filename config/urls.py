from django.urls import include, path

from leaderboard.api import api

urlpatterns = [
    path("", include("arena.urls")),
    path("api/v1/", api.urls),
    path("", include("frontend.urls")),
]
