"""What all answers of the public API share."""

from django.views.decorators.cache import cache_control
from ninja import Schema

# What it tells changes at most twice a second, and for everybody alike: a cache in front may answer for that long.
shared_for_a_second = cache_control(public=True, max_age=1)


class RefusalOut(Schema):
    """A problem as RFC 9457 has it (`application/problem+json`), in the visitor's language."""

    type: str  # stands for the code
    title: str  # stands for the status, in words
    status: int
    detail: str  # what is the matter, in words
    code: str  # rely on this
    message: str  # the same as `detail`
