"""Whether a worker that kept failing is well again: a short reply is asked of it, which nobody waits for."""

import asyncio
import logging

from inference.breaker import begin_trial, end_trial
from inference.faults import WorkerFault
from inference.models import Worker
from inference.replies import Message, Reply, Sampling, close_client, listen

log = logging.getLogger(__name__)

QUESTION: list[Message] = [{"role": "user", "content": "Say hello."}]
SHORT = Sampling(temperature=0.0, top_p=1.0, max_tokens=16)


def try_open_workers() -> None:
    """One trial of each worker whose breaker is open and whose time has come."""
    while (worker := begin_trial()) is not None:
        well = asyncio.run(answers(worker))
        log.info("%s %s", worker, "is asked again" if well else "still fails")
        end_trial(worker.pk, well=well)


async def answers(worker: Worker) -> bool:
    """Whether a whole reply comes, even one without a word."""
    try:
        await listen(worker, QUESTION, SHORT, lambda _: None, Reply())
    except WorkerFault:
        return False
    finally:
        await close_client()
    return True
