"""The Celery application: `celery -A config worker --beat`, or a thread of the web process (config/lifespan.py)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["inference", "arena", "leaderboard"])
