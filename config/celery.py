"""The Celery application: `celery -A config worker`, `celery -A config beat`, or threads of the web process."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready
from django.conf import settings

from config.metrics import show_metrics

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["inference", "arena", "leaderboard", "config"])


@worker_ready.connect  # Celery has no other way to be told
def show_worker_metrics(sender: Any, **about: Any) -> None:
    """A worker of its own shows its metrics as a web process does; an embedded one is part of that process."""
    if not settings.RUN_CELERY:
        show_metrics()
