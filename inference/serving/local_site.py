"""The site for a supervisor on a machine that reaches its database."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import Error, connection

from inference.draining import drain, resume
from inference.entries import add_worker
from inference.models import DrainCause, Entry, ServingState, Worker
from inference.serving.beats import hear_beat
from inference.serving.engines import Card, Engine
from inference.serving.supervision import SiteAway, SiteRefuses


def card_of(entry: Entry) -> Card:
    return Card(
        slug=entry.slug,
        weights_digest=entry.weights_digest,
        weights_revision=entry.weights_revision,
        context_length=entry.context_length,
        reasoning=entry.reasoning,
    )


@contextmanager
def at_the_database() -> Iterator[None]:
    """Between two beats no connection is held, so that a database that was restarted is simply there again."""
    try:
        yield
    except Error as why:
        raise SiteAway(str(why).partition("\n")[0]) from why
    finally:
        connection.close()


@dataclass
class LocalWorker:
    """A worker as rows of the database, changed as an organizer's commands change them."""

    entry: Entry
    engine: Engine
    url: str

    def register(self) -> str:
        started = self.engine
        with at_the_database():
            known = Worker.objects.filter(entry=self.entry, url=self.url.rstrip("/")).first()
            worker = add_worker(
                self.entry,
                url=self.url,
                served_name=started.served_name,
                slots=started.slots,
                key=started.key,
                extra_body=known.extra_body if known else None,  # the organizers' to say
            )
            # A drain by hand holds while this command restarts its engine, and ends when somebody starts it anew.
            resume([worker], DrainCause.TEAM)
            hear_beat(worker, ServingState.SERVING, {})
        return "is in service."

    def tell(self, state: ServingState, readings: Mapping[str, float]) -> None:
        with at_the_database():
            hear_beat(self.worker(), state, readings)

    def drain(self) -> None:
        with at_the_database():
            drain([self.worker()], DrainCause.TEAM)
            hear_beat(self.worker(), ServingState.DRAINING, {})

    def worker(self) -> Worker:
        """The row. Raises SiteRefuses if somebody took it away."""
        worker = Worker.objects.filter(entry=self.entry, url=self.url.rstrip("/")).first()
        if worker is None:
            raise SiteRefuses(f"{self.entry.slug} has no worker at {self.url} any more.")
        return worker
