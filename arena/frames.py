"""Every message that crosses a battle's socket: one closed list. tests/frames.json holds an example of each."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from arena.refusals import BadFrame, Refusal

BUCKET = 256  # bytes; holds a tick of both sides at an ordinary pace, in any script


class Frame(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Prompt(Frame):
    type: Literal["prompt"]
    text: str


class Stop(Frame):
    type: Literal["stop"]


class Resume(Frame):
    """Show again everything after this tick; 0 for all."""

    type: Literal["resume"]
    after: Annotated[int, Field(ge=0)]


Incoming = Prompt | Stop | Resume
_incoming: TypeAdapter[Incoming] = TypeAdapter(Annotated[Incoming, Field(discriminator="type")])


class Asked(Frame):
    """Your prompt was taken. This is how it is kept and sent on."""

    type: Literal["asked"] = "asked"
    text: str


class Queued(Frame):
    """You wait for a place with both models: how far in front, and in how many seconds it may be your turn."""

    type: Literal["queued"] = "queued"
    place: Annotated[int, Field(ge=1)]
    seconds: Annotated[int, Field(ge=1)]


class Token(Frame):
    """What both sides are shown to say next, one of them perhaps nothing more."""

    type: Literal["token"] = "token"
    tick: int
    a: str
    b: str


class Done(Frame):
    """A side has ended. It is cut if the limit of tokens ended it."""

    type: Literal["done"] = "done"
    side: Literal["a", "b"]
    cut: bool


class Ready(Frame):
    type: Literal["ready"] = "ready"


class Void(Frame):
    type: Literal["void"] = "void"
    message: str


class Refused(Frame):
    type: Literal["refused"] = "refused"
    code: str
    message: str


Outgoing = Asked | Queued | Token | Done | Ready | Void | Refused


def read_frame(text: str) -> Incoming:
    """A visitor's message as a frame. Raises BadFrame for anything else."""
    try:
        return _incoming.validate_json(text)
    except ValidationError:
        raise BadFrame from None


def padded(text: str) -> str:
    """A frame's JSON with spaces up to a full bucket, which mean nothing: its size on the wire tells no lengths."""
    return text + " " * (-len(text.encode()) % BUCKET)


def refused(refusal: Refusal) -> Refused:
    return Refused(code=refusal.code, message=str(refusal.message))
