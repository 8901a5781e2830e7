"""The page of a round's figures: what the charts and tables need, from what the domain tells."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from frontend import charts


def matrix(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each entry: what it took from each other one, in whole percent, and how sure that is."""
    slugs = [entry["slug"] for entry in told["entries"]]
    met = {(pair["first"], pair["second"]): cell(pair) for pair in told["pairs"]}
    met |= {(pair["second"], pair["first"]): cell(turned(pair)) for pair in told["pairs"]}
    return [entry | {"cells": [met.get((entry["slug"], other)) for other in slugs]} for entry in told["entries"]]


def turned(pair: Mapping[str, Any]) -> dict[str, Any]:
    """The same pair as the other one sees it."""
    rate = None if pair["rate"] is None else 1 - pair["rate"]
    sides = {"wins": pair["losses"], "losses": pair["wins"], "rate": rate}
    return {**pair, **sides, "low": 1 - pair["high"], "high": 1 - pair["low"]}


def cell(pair: Mapping[str, Any]) -> dict[str, Any]:
    percents = {key: None if pair[key] is None else 100 * pair[key] for key in ("rate", "low", "high")}
    return {**pair, **percents, "shade": charts.shade(pair["rate"])}


def pairs(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each pair once, by name, for the table of all verdicts."""
    names = {entry["slug"]: entry["name"] for entry in told["entries"]}
    return [cell(pair) | {"first": names[pair["first"]], "second": names[pair["second"]]} for pair in told["pairs"]]


def daily(told: Mapping[str, Any]) -> dict[str, Any]:
    """Votes a day as bars and as a table, whose first row is the newest day."""
    days = [{**day, "date": date.fromisoformat(day["date"])} for day in told["days"]]
    return {"chart": charts.bars([day["votes"] for day in days]), "days": days, "table": days[::-1]}


def ranks(told: Mapping[str, Any]) -> dict[str, Any]:
    """Each entry's ranks as a picture, and all of them as a table, whose first row is the newest list.

    Who has never had a rank, as references have none, is left out.
    """
    told = {**told, "entries": [entry for entry in told["entries"] if any(map(ranked, entry["points"]))]}
    places = len(told["entries"])
    entries = [
        entry | {"chart": charts.ranks(padded(entry["points"], told), places), "now": entry["points"][-1]}
        for entry in told["entries"]
    ]
    return {"entries": entries, "drawn": any(entry["chart"] for entry in entries), "table": table(told)}


def ranked(point: Mapping[str, Any]) -> bool:
    return point["rank"] is not None


def padded(points: list[dict[str, Any]], told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The points on every list there is: who came later has none on the first ones."""
    known = {point["date"]: point for point in points}
    nothing = {"rank": None, "rank_low": None, "rank_high": None}
    return [known.get(day, nothing) for day in listed(told)]


def listed(told: Mapping[str, Any]) -> list[str | None]:
    """The days of all lists, the oldest first, and at the end None for the edition that is served."""
    return [*sorted({point["date"] for entry in told["entries"] for point in entry["points"]} - {None}), None]


def table(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    known = {(entry["slug"], point["date"]): point for entry in told["entries"] for point in entry["points"]}
    return [
        {
            "date": date.fromisoformat(day) if day else None,
            "ranks": [known.get((entry["slug"], day)) for entry in told["entries"]],
        }
        for day in reversed(listed(told))
    ]


def meetings(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each entry of the exposure audit: how often it met each other one."""
    slugs = [entry["slug"] for entry in told["entries"]]
    most = max((pair["battles"] for pair in told["pairs"]), default=0) or 1
    met = {
        way: {"battles": pair["battles"], "shade": charts.shade(pair["battles"] / most)}
        for pair in told["pairs"]
        for way in ((pair["first"], pair["second"]), (pair["second"], pair["first"]))
    }
    return [entry | {"cells": [met.get((entry["slug"], other)) for other in slugs]} for entry in told["entries"]]
