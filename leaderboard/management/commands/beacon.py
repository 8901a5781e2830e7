"""manage.py beacon ROUND: the public random number that decides a last tie, named beforehand and entered by two."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from accounts.models import User
from leaderboard.cut.beacons import network_of, standing_beacon, value_of, waiting_value
from leaderboard.cut.drawing import (
    CannotDraw,
    Chosen,
    confirm_value,
    enter_value,
    in_seoul,
    name_beacon,
    withdraw_value,
)
from leaderboard.evidence import NoEvidence, read_evidence
from leaderboard.keys import rounds_by
from leaderboard.management.commands.open_round import moment
from leaderboard.management.people import organizer_named
from leaderboard.models import BeaconValue, Network, Round


class Command(BaseCommand):
    help = "Show the public random number of a round, name it before its votes are in, or enter and confirm its value."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("round", help="the round's key, as 1")
        parser.add_argument("do", nargs="?", choices=("name", "enter", "confirm", "withdraw"), help="default: show it")
        parser.add_argument("--network", default=Network.QUICKNET, choices=Network.values)
        parser.add_argument("--number", type=int, help="which of the network's numbers")
        parser.add_argument("--at", help="or the moment from which on it comes out, as 2027-01-31T18:00")
        parser.add_argument("--value", default="", help="as the network publishes it")
        parser.add_argument("--evidence", default="", help="an address where the value stands, and its SHA-256")
        parser.add_argument("--by", help="the organizer who does it")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        contest = rounds_by(options["round"]).select_related("series", "gate").first()
        if contest is None:
            raise CommandError(f"There is no round {options['round']}.")
        try:
            act(contest, options)
        except (CannotDraw, NoEvidence) as why:
            raise CommandError(f"Nothing was done: {why}.") from None
        print(in_full(contest))


def act(contest: Round, options: dict[str, Any]) -> None:
    """Do what is asked for. Raises CannotDraw, NoEvidence, CommandError."""
    if options["do"] is None:
        return
    by = organizer_named(options["by"])
    if not isinstance(by, User):
        raise CommandError("Name the organizer who does it with --by.")
    match options["do"]:
        case "name":
            at = moment(options["at"]) if options["at"] else None
            name_beacon(contest, Chosen(options["network"], options["number"], at), by=by)
        case "enter":
            enter_value(contest, options["value"], read_evidence(options["evidence"]), by=by)
        case "confirm":
            confirm_value(waiting(contest), by=by)
        case _:
            withdraw_value(waiting(contest), by=by)


def waiting(contest: Round) -> BeaconValue:
    named = standing_beacon(contest)
    found = waiting_value(named) if named else None
    if found is None:
        raise CommandError(f"No value waits to be confirmed in {contest}.")
    return found


def in_full(contest: Round) -> str:
    named = standing_beacon(contest)
    if named is None:
        return f"{contest} has no public random number named."
    network, value, waits = network_of(named), value_of(named), waiting_value(named)
    told = f"{contest}: {network.title}, number {named.beacon_round}, out {in_seoul(named.published_at)}. "
    if value:
        return f"{told}Its value is {value.value}."
    if waits:
        return f"{told}{waits.entered_by.username} entered {waits.value}; another organizer: manage.py beacon confirm."
    return f"{told}Its value is not entered. It stands at {network.address(named.beacon_round)}"
