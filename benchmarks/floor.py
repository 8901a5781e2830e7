"""The least a vote can cost in Django: one view, one INSERT, no middleware; our database options and our server.

Served for benchmarks/votes.py by `uvicorn benchmarks.floor:application`; not part of the site.
"""

import json

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from config.settings import DATABASES

TABLE = "CREATE TABLE floor_vote (id bigserial PRIMARY KEY, battle uuid NOT NULL UNIQUE, winner varchar(8) NOT NULL)"

settings.configure(DATABASES=DATABASES, ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], SECRET_KEY="-")  # noqa: S106  signs nothing


def vote(request: HttpRequest, battle: str) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO floor_vote (battle, winner) VALUES (%s, %s) RETURNING id",
            [battle, json.loads(request.body)["winner"]],
        )
        (number,) = cursor.fetchone()
    answer = JsonResponse({"vote": number, "counted": True}, status=201)
    answer["Content-Length"] = str(len(answer.content))  # what a middleware of ours does
    return answer


urlpatterns = [path("battles/<uuid:battle>/vote", vote)]
application = get_asgi_application()
