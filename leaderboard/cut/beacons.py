"""The public random number of a round: which one holds, its value in force, and what everybody is told of both."""

from collections.abc import Iterable
from typing import Any

from leaderboard.cut.networks import NETWORKS, Drand
from leaderboard.models import BeaconValue, NamedBeacon, Network, Round
from leaderboard.rulebook import TieStep, in_force
from rating.decision import Beacon


def network_of(named: NamedBeacon) -> Drand:
    return NETWORKS[Network(named.network)]


def asks_for_beacon(contest: Round) -> bool:
    """Whether a tie may come so far by the rulebook. A run-off leaves that to its round."""
    return not contest.leg and TieStep.BEACON in in_force(contest).tie_chain


def last_named(contest: Round) -> NamedBeacon | None:
    return contest.beacons.order_by("-number").first()


def holds(named: NamedBeacon, contest: Round) -> bool:
    """Whether its number comes out after the votes are in: otherwise who votes could know whom it lets stay."""
    return named.published_at > contest.ends_at


def standing_beacon(contest: Round) -> NamedBeacon | None:
    """The number that decides, if one was named that still holds."""
    named = last_named(contest)
    return named if named and holds(named, contest) else None


def value_of(named: NamedBeacon) -> BeaconValue | None:
    """The value that two organizers have signed."""
    return named.values.filter(confirmed_at__isnull=False).first()


def waiting_value(named: NamedBeacon) -> BeaconValue | None:
    """The value that waits for a second organizer, if one does."""
    return named.values.filter(confirmed_at=None, withdrawn_by=None).select_related("entered_by").first()


def beacon_of(contest: Round, competing: Iterable[str]) -> Beacon | None:
    """As grounds of a decision: the value puts all who compete into one order, whoever comes to be tied."""
    named = standing_beacon(contest)
    value = value_of(named) if named else None
    if named is None or value is None:
        return None
    return Beacon(network_of(named).title, named.beacon_round, tuple(sorted(competing)), value.value)


def beacon_told(contest: Round) -> dict[str, Any] | None:
    """What everybody may know of the last that was named; None where none was."""
    named = last_named(contest)
    if named is None:
        return None
    network, value = network_of(named), value_of(named)
    return {
        "source": network.title,
        "chain": network.chain,
        "round": named.beacon_round,
        "address": network.address(named.beacon_round),
        "named_at": named.at.isoformat(),
        "published_at": named.published_at.isoformat(),
        "holds": holds(named, contest),
        "value": value and value.value,
        "evidence": value.evidence if value else [],
        "confirmed_at": value.confirmed_at.isoformat() if value and value.confirmed_at else None,
    }
