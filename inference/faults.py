"""What a worker can do wrong: one small family. Their texts are for our log; a visitor never sees them."""


class WorkerFault(Exception):
    """A reply that did not come. `kind` is what is recorded, with the worker that was asked and how far it came."""

    kind = "fault"
    worker_id: int | None = None
    tokens: int = 0
    asked_for = False  # the prompt may have caused it: it says nothing of the worker


class NoWorker(WorkerFault):
    """The entry has no healthy worker."""

    kind = "no_worker"

    def __init__(self, words: str, entry_id: int | None = None) -> None:
        super().__init__(words)
        self.entry_id = entry_id


class Keyless(WorkerFault):
    """The worker's key cannot be opened: it was sealed under other WORKER_KEYS than the site has."""

    kind = "keyless"


class Busy(WorkerFault):
    """No slot became free in time."""

    kind = "busy"


class Unreachable(WorkerFault):
    """The connection was refused, or not made in time."""

    kind = "unreachable"


class Rejected(WorkerFault):
    """The worker answered with an error, as a status or inside the stream."""

    kind = "rejected"


class Declined(Rejected):
    """The worker says that this request is too long or wrong (400, 413, 422): the prompt's doing."""

    asked_for = True


class Silent(WorkerFault):
    """Connected, and no first words in time."""

    kind = "silent"


class Stalled(WorkerFault):
    """Words came, then none for too long."""

    kind = "stalled"


class Endless(WorkerFault):
    """It went on past the total time or length allowed."""

    kind = "endless"


class Broken(WorkerFault):
    """The stream was cut before its finish_reason."""

    kind = "broken"


class Rubbish(WorkerFault):
    """Something that is not the protocol: not events, not JSON, not UTF-8, a line without end."""

    kind = "rubbish"


class Speechless(WorkerFault):
    """It finished properly and said nothing."""

    kind = "speechless"


class Spent(WorkerFault):
    """It reached the limit of tokens before its first word: all of them went into thoughts."""

    kind = "spent"
