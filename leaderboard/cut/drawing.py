"""A public random number is named before a round's votes are in; its value comes in afterwards, signed by two."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from leaderboard.cut.beacons import asks_for_beacon, network_of, standing_beacon, value_of, waiting_value
from leaderboard.cut.networks import NETWORKS
from leaderboard.evidence import Evidence
from leaderboard.models import LIVE, BeaconValue, NamedBeacon, Network, Round, RoundState
from leaderboard.states import clock, held

NAMED_IN = (RoundState.SCHEDULED, *LIVE)
ENTERED_IN = (RoundState.CLOSED, RoundState.TALLIED, RoundState.RUN_OFF, RoundState.PROVISIONAL, RoundState.APPEAL)
LATEST = timedelta(days=90)  # after the round's end; a contest cannot wait longer for it
MOST = 10**9  # 95 years of the fastest network


class CannotDraw(Exception):
    """No public random number is named, entered or confirmed; the words say why."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which number is to decide: by its count, or the first that comes out at a moment or after it."""

    network: str
    number: int | None = None
    at: datetime | None = None


@transaction.atomic
def name_beacon(contest: Round, chosen: Chosen, *, by: User) -> NamedBeacon:
    """Name the number that decides, for good. Raises CannotDraw."""
    refuse_stranger(by)
    contest, now = held(contest), clock()
    refuse_naming(contest, now)
    network, number = Network(refused_unknown(chosen)), numbered(chosen)
    published_at = NETWORKS[network].published_at(number)
    refuse_moment(contest, number, published_at, now)
    made = NamedBeacon.objects.create(
        round=contest,
        number=contest.beacons.count() + 1,
        network=network,
        beacon_round=number,
        published_at=published_at,
        by=by,
    )
    record(by, "beacon.named", contest.subject, source=NETWORKS[network].title, n=number, at=published_at.isoformat())
    return made


def refuse_naming(contest: Round, now: datetime) -> None:
    """Raise CannotDraw where none is named, or not any more."""
    if contest.leg:
        raise CannotDraw(_("a run-off has no public random number of its own; its round names one"))
    if not asks_for_beacon(contest):
        raise CannotDraw(_("its rulebook asks for no public random number"))
    if contest.state == RoundState.DRAFT:
        raise CannotDraw(_("its dates are not announced yet, and a number has to come out after its end"))
    if contest.state not in NAMED_IN or contest.ends_at <= now:
        raise CannotDraw(_("it is too late: which number decides is named while votes come in, and they are all in"))
    if named := standing_beacon(contest):
        raise CannotDraw(
            _("{source}, number {n} was named already, and stays").format(
                source=network_of(named).title, n=named.beacon_round
            )
        )


def refused_unknown(chosen: Chosen) -> str:
    if chosen.network not in Network.values:
        raise CannotDraw(_("a network is one of these: {names}").format(names=", ".join(Network.values)))
    return chosen.network


def numbered(chosen: Chosen) -> int:
    """The number that was chosen. Raises CannotDraw where it was named in no way, or in two."""
    if (chosen.number is None) == (chosen.at is None):
        raise CannotDraw(_("either its number is named or the moment from which on it comes out, and not both"))
    number = NETWORKS[Network(chosen.network)].first_from(chosen.at) if chosen.at else chosen.number or 0
    if not 1 <= number <= MOST:
        raise CannotDraw(_("numbers count from 1, and one so high comes out after our time"))
    return number


def refuse_moment(contest: Round, number: int, published_at: datetime, now: datetime) -> None:
    """Raise CannotDraw for a number that can be known too early, or not in time."""
    if published_at <= now:
        raise CannotDraw(
            _("number {n} came out at {at}, and can be known already").format(n=number, at=in_seoul(published_at))
        )
    if published_at <= contest.ends_at:
        raise CannotDraw(
            _(
                "number {n} comes out at {at}, before the round ends at {end}: voters could know whom it lets stay"
            ).format(n=number, at=in_seoul(published_at), end=in_seoul(contest.ends_at))
        )
    if published_at > contest.ends_at + LATEST:
        raise CannotDraw(
            _("number {n} comes out at {at}, more than {days} days after the round").format(
                n=number, at=in_seoul(published_at), days=LATEST.days
            )
        )


@transaction.atomic
def enter_value(contest: Round, value: str, evidence: list[Evidence], *, by: User) -> BeaconValue:
    """Enter the value of the number that was named. It counts when another organizer confirms it. Raises CannotDraw."""
    refuse_stranger(by)
    contest = held(contest)
    named = standing_beacon(contest)
    if named is None:
        raise CannotDraw(
            _("no number was named before its votes were in; it has to be reopened, and one named before its new end")
        )
    refuse_entering(contest, named)
    spelt = value.strip().lower()
    refuse_no_value(spelt, named)
    if not evidence:
        raise CannotDraw(_("it needs an address where everybody can read the value"))
    made = BeaconValue.objects.create(beacon=named, value=spelt, evidence=evidence, entered_by=by)
    record(by, "beacon.entered", contest.subject, value=spelt)
    return made


def refuse_entering(contest: Round, named: NamedBeacon) -> None:
    """Raise CannotDraw where no value comes in yet, or no other."""
    if clock() < named.published_at:
        raise CannotDraw(
            _("number {n} comes out at {at}, and nobody can know it yet").format(
                n=named.beacon_round, at=in_seoul(named.published_at)
            )
        )
    if contest.state in LIVE:
        raise CannotDraw(_("its votes are not all in yet"))
    if contest.state not in ENTERED_IN:
        raise CannotDraw(_("it is {state}, and its result does not change any more").format(state=contest.state))
    if value_of(named):
        raise CannotDraw(_("its value is entered and confirmed, and stays"))
    if waiting_value(named):
        raise CannotDraw(_("a value waits to be confirmed; confirm or withdraw that first"))


def refuse_no_value(value: str, named: NamedBeacon) -> None:
    """Raise CannotDraw for what cannot be a value of the network."""
    network = network_of(named)
    if len(value) != network.digits:
        raise CannotDraw(
            _("a value of {source} has {n} hexadecimal digits, and this has {m}").format(
                source=network.title, n=network.digits, m=len(value)
            )
        )
    if set(value) - set("0123456789abcdef"):
        raise CannotDraw(_("a value of {source} is written in hexadecimal digits").format(source=network.title))


@transaction.atomic
def confirm_value(value: BeaconValue, *, by: User) -> BeaconValue:
    """Put in force what another organizer has entered. Raises CannotDraw."""
    contest, value = _still_waiting(value, by)
    if by == value.entered_by:
        raise CannotDraw(_("who has entered it cannot confirm it, too"))
    refuse_stranger(value.entered_by)
    if contest.state not in ENTERED_IN:
        raise CannotDraw(_("it is {state}, and no value is confirmed then").format(state=contest.state))
    value.confirmed_by, value.confirmed_at = by, clock()
    value.save(update_fields=["confirmed_by", "confirmed_at"])
    record(by, "beacon.confirmed", contest.subject, value=value.value, entered_by=value.entered_by.username)
    return value


@transaction.atomic
def withdraw_value(value: BeaconValue, *, by: User) -> None:
    """Any organizer may end the waiting; then another value can be entered. Raises CannotDraw."""
    contest, value = _still_waiting(value, by)
    value.withdrawn_by = by
    value.save(update_fields=["withdrawn_by"])
    record(by, "beacon.withdrawn", contest.subject, value=value.value)


def refuse_stranger(person: User) -> None:
    if not (person.is_staff and person.is_active):
        raise CannotDraw(_("{name} is no organizer").format(name=person.username))


def _still_waiting(value: BeaconValue, by: User) -> tuple[Round, BeaconValue]:
    refuse_stranger(by)
    # The round first, as all who move it: two who confirm at once queue up there.
    contest = held(value.beacon.round)
    found = BeaconValue.objects.select_related("beacon", "entered_by").get(pk=value.pk)
    if not found.waits:
        raise CannotDraw(_("it has been settled already"))
    return contest, found


def in_seoul(when: datetime) -> str:
    """To the second, by which numbers follow each other."""
    return f"{timezone.localtime(when):%Y-%m-%d %H:%M:%S} KST"
