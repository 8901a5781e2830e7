"""The marks of a component as a table to fill: a line for each model, a column for each test or judge."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from frontend.rules import title_of
from leaderboard.components import Benchmark, Panel
from leaderboard.models import Judge, Mark, Round
from leaderboard.rules import plain
from leaderboard.scoring.components import scored_slugs
from leaderboard.scoring.mark_files import given_of
from leaderboard.scoring.marks import Given, in_force_marks
from leaderboard.scoring.panels import CannotMark

CELL = re.compile(r"(?P<value>[^±/\s]+)(?:\s*±\s*(?P<error>[^±/\s]+))?(?:\s*/\s*(?P<items>[^±/\s]+))?")
MARK = "mark:"


@dataclass(frozen=True, slots=True)
class Column:
    """Where a mark stands in its component."""

    section: str
    test: str
    judge: Judge | None
    title: str
    top: str

    def name(self, slug: str) -> str:
        """Of its field in the form."""
        return f"{MARK}{self.section}:{self.test}:{self.judge.pk if self.judge else ''}:{slug}"


def columns_of(contest: Round, rule: Benchmark | Panel) -> list[Column]:
    if isinstance(rule, Panel):
        if rule.marks == "panel":
            return [Column("", "", None, title_of(rule), f"{rule.top}")]
        judges = Judge.objects.filter(round=contest, component=rule.name)
        return [Column("", "", judge, judge.name, f"{rule.top}") for judge in judges]
    if not rule.parts:
        return [Column("", "", None, title_of(rule), f"{rule.top}")]
    return [
        Column(part.name, test, None, " / ".join(filter(None, (title_of(part), test))), f"{part.top}")
        for part in rule.parts
        for test in part.tests or ("",)
    ]


@dataclass(frozen=True, slots=True)
class Table:
    """A component's columns and entries, with the marks in force and what is typed over them."""

    columns: Sequence[Column]
    slugs: Sequence[str]
    names: Mapping[str, str]
    there: Mapping[str, Mark]
    """By the name of the field."""

    @classmethod
    def of(cls, contest: Round, rule: Benchmark | Panel) -> "Table":
        columns = columns_of(contest, rule)
        found = {}
        for mark in in_force_marks(contest, rule.name):
            judge = mark.judge_id or ""
            found[f"{MARK}{mark.section}:{mark.test}:{judge}:{mark.part.entry.slug}"] = mark
        names = dict(contest.participations.values_list("entry__slug", "entry__name"))
        return cls(columns, scored_slugs(contest), names, found)

    @property
    def seen(self) -> str:
        """Stands for the marks that the form was made of."""
        return str(max((mark.pk for mark in self.there.values()), default=0))

    def stored(self, name: str) -> str:
        return cell_text(self.there[name]) if name in self.there else ""

    def rows(self, typed: Mapping[str, str]) -> list[dict[str, Any]]:
        """What the form shows: the marks, or what was typed or read from a file instead."""
        names = [[(column, column.name(slug)) for column in self.columns] for slug in self.slugs]
        return [
            {
                "slug": slug,
                "name": self.names.get(slug, slug),
                "cells": [
                    {"name": name, "column": column, "value": typed.get(name, self.stored(name))}
                    for column, name in cells
                ],
            }
            for slug, cells in zip(self.slugs, names, strict=True)
        ]

    def changed(self, typed: QueryDict) -> Iterable[tuple[Column, str, str, str]]:
        """The cells that say something else than the marks do: column, entry, mark there, text typed."""
        for slug in self.slugs:
            for column in self.columns:
                name = column.name(slug)
                text = " ".join(str(typed.get(name, self.stored(name))).split())
                if text != self.stored(name):
                    yield column, slug, self.stored(name), text

    def given(self, typed: QueryDict) -> list[Given]:
        """The marks to enter. Raises CannotMark, naming the cell."""
        return [meant(column, slug, text) for column, slug, _before, text in self.changed(typed)]

    def read_in(self, given: Iterable[Given]) -> dict[str, str]:
        """The fields that marks from a file fill. Raises CannotMark for one that has no place in the table."""
        judges = {name: column for column in self.columns if column.judge for name in names_of(column.judge)}
        places = {(column.section, column.test): column for column in self.columns if not column.judge}
        fields: dict[str, str] = {}
        for one in given:
            column = judges.get(one.judge) if one.judge else places.get((one.section, one.test))
            if column is None or (one.judge and (one.section or one.test)):
                raise CannotMark(_("{row}: the rulebook has no place for such a mark").format(row=one.place))
            if one.entry not in self.slugs:
                raise CannotMark(
                    _("{row}: {slug} takes no part in this round").format(row=one.place, slug=one.entry[:50] or "–")
                )
            name = column.name(one.entry)
            if name in fields:
                raise CannotMark(_("{row}: this mark stands twice").format(row=one.place))
            fields[name] = given_text(one)
        return fields


def names_of(judge: Judge) -> tuple[str, str]:
    return judge.name, judge.pseudonym


def meant(column: Column, slug: str, text: str) -> Given:
    """What a cell says: 31.6, with its error 31.6 ± 0.4, or with its number of questions 72.5 / 500."""
    place = f"{slug}, {column.title}"
    judge = column.judge.name if column.judge else ""
    if not text:
        return Given(slug, None, column.section, column.test, judge, place=place)
    found = CELL.fullmatch(text)
    if found is None:
        raise CannotMark(
            _("{row}: write a number, with its error after ± or its number of questions after /").format(row=place)
        )
    cells = {key: value or "" for key, value in found.groupdict().items()}
    try:
        told = {"entry": slug, "part": column.section, "test": column.test, "judge": judge, **cells}
        return given_of(told, place)
    except CannotMark as why:
        raise CannotMark(f"{place}: {why}") from None


def cell_text(mark: Mark) -> str:
    if mark.value is None:
        return ""
    text = f"{plain(mark.value):f}"
    if mark.error is not None:
        text += f" ± {plain(mark.error):f}"
    return text if mark.items is None else f"{text} / {mark.items}"


def given_text(given: Given) -> str:
    text = "" if given.value is None else f"{plain(given.value):f}"
    if given.error is not None:
        text += f" ± {plain(given.error):f}"
    return text if given.items is None else f"{text} / {given.items}"
