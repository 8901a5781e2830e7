"""The site for a supervisor on a machine that reaches its database."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import Error, connection
from django.utils.translation import override

from inference.addresses import BadAddress
from inference.draining import drain, resume
from inference.entries import Unfit, add_worker, enter_worker
from inference.models import DrainCause, Entry, ServingState, Worker
from inference.serving.beats import hear_beat
from inference.serving.engines import Card, Engine
from inference.serving.supervision import SiteAway, SiteRefuses
from inference.standing import standing


def card_of(entry: Entry) -> Card:
    return Card(
        slug=entry.slug,
        weights_digest=entry.weights_digest,
        weights_revision=entry.weights_revision,
        chat_template_digest=entry.chat_template_digest,
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
    """A worker as rows of the database, changed as an organizer's commands change them.

    have_checked: asks for its checks before any battle comes to it, as the console does; None lets it in at once.
    """

    entry: Entry
    engine: Engine
    url: str
    have_checked: Callable[[Worker], None] | None

    def register(self) -> str:
        engine = self.engine
        enter = enter_worker if self.have_checked else add_worker
        with at_the_database():
            try:
                worker = enter(
                    self.entry,
                    url=self.url,
                    served_name=engine.served_name,
                    slots=engine.slots,
                    key=engine.key,
                    files=engine.files,
                )
            except (BadAddress, Unfit) as why:
                raise SiteRefuses(f"{self.url} is no worker's: {why}") from None
            # A drain by hand holds while this command restarts its engine, and ends when somebody starts it anew.
            resume([worker], DrainCause.TEAM)
            hear_beat(worker, ServingState.SERVING, {})
            if self.have_checked:
                self.have_checked(worker)
        return "is entered; the site checks it before it lets it in." if self.have_checked else "is in service."

    def tell(self, state: ServingState, readings: Mapping[str, float]) -> None:
        with at_the_database(), override("en"):  # as all that a command says
            worker = self.worker()
            hear_beat(worker, state, readings)
            said = standing(worker) if worker.refused_because else {}
        # The checks are made after it was entered; how they went is in the row.
        if said and not said["checking"]:
            raise SiteRefuses(f"The site does not let it in: {said['reason']}")

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
