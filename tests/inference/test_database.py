"""What sockets ask of the database."""

import asyncio
import threading

import pytest
from django.db import connection

from inference.database import in_database


def test_one_question_that_hangs_holds_up_no_other():
    if connection.vendor == "sqlite":
        pytest.skip("SQLite does one thing after another")
    other_was_answered = threading.Event()

    async def ask_both():
        hanging = asyncio.create_task(in_database(other_was_answered.wait, 60))
        await asyncio.sleep(0)
        await in_database(other_was_answered.set)
        return await hanging

    assert asyncio.run(ask_both())
