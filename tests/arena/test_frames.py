"""What crosses the socket is one closed list; the examples hold this end to it as they hold the scripts."""

import json

import pytest
from pydantic import TypeAdapter

from arena.frames import Incoming, Outgoing, read_frame
from tests.conftest import ROOT

EXAMPLES = json.loads((ROOT / "tests" / "frames.json").read_text())


@pytest.mark.parametrize("frame", EXAMPLES["in"], ids=lambda frame: frame["type"])
def test_what_a_visitor_may_send_is_read(frame):
    assert read_frame(json.dumps(frame)).model_dump() == frame


@pytest.mark.parametrize("frame", EXAMPLES["out"], ids=lambda frame: frame["type"])
def test_what_the_site_says_is_written_so(frame):
    outgoing: TypeAdapter[Outgoing] = TypeAdapter(Outgoing)
    assert json.loads(outgoing.validate_python(frame).model_dump_json()) == frame


def test_every_frame_has_its_example():
    for kinds, way in ((Incoming, "in"), (Outgoing, "out")):
        known = {kind.model_fields["type"].annotation.__args__[0] for kind in kinds.__args__}
        assert known == {frame["type"] for frame in EXAMPLES[way]}
