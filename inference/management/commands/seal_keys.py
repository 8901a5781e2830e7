"""manage.py seal_keys: after WORKER_KEYS got a new first one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from inference.faults import Keyless
from inference.models import Worker


class Command(BaseCommand):
    help = "Encrypt every worker's key anew, under the first of WORKER_KEYS. The others may be left out afterwards."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        sealed = 0
        for worker in Worker.objects.select_for_update(of=("self",)).select_related("entry").exclude(sealed_key=""):
            try:
                worker.key = worker.key  # opened with any of them, sealed under the first
            except Keyless:
                raise CommandError(
                    f"Nothing has changed: the key of {worker} is sealed under none of WORKER_KEYS. Enter it again."
                ) from None
            worker.save(update_fields=["sealed_key"])
            sealed += 1
        print(f"{sealed} keys are encrypted under the first of WORKER_KEYS.")
