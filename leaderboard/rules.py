"""What rules are made of: frozen models that know no others than those they name, exact numbers in one spelling."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Rules(BaseModel):
    """Some rules. Frozen; knows no others than those it names, and takes no value for another's."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def plain(number: Decimal) -> Decimal:
    """The number in its one spelling: 0.7 for 0.70, 0 for -0, 10 for 1E+1."""
    return Decimal(f"{(number + 0).normalize():f}")


def _text(words: str) -> str:
    if "\0" in words:
        raise ValueError("the text holds a character that is none")
    return words


def _line(words: str) -> str:
    if not words.isprintable() or words != words.strip():
        raise ValueError("this is one line of letters, without spaces around it")
    return words


Exact = Annotated[Decimal, Field(max_digits=9, decimal_places=4), AfterValidator(plain)]
Hundredths = Annotated[Decimal, Field(max_digits=3, decimal_places=2), AfterValidator(plain)]
Slug = Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]{1,50}$")]
Text = Annotated[str, AfterValidator(_text)]
Title = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_line)]
TitleOrNone = Annotated[str, Field(max_length=80), AfterValidator(_line)]
