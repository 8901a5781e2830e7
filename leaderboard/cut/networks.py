"""Networks that publish a random number every few seconds, which nobody knows or can choose before: drand.

When a number comes out follows from its count, so that one can be named beforehand and everybody can see that it was.
Genesis, period and chain hash are what https://api.drand.sh/CHAIN/info tells.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from leaderboard.models import Network


@dataclass(frozen=True, slots=True)
class Drand:
    """A chain of the League of Entropy. Number 1 came out at its genesis, and from then on one each period."""

    title: str
    chain: str
    genesis: datetime
    period: timedelta
    digits: int = 64
    """Hexadecimal, of a value."""

    def published_at(self, number: int) -> datetime:
        """When this number comes out, or came."""
        return self.genesis + (number - 1) * self.period

    def first_from(self, at: datetime) -> int:
        """The first number that comes out at this moment or after it."""
        return max(1, 1 + -((self.genesis - at) // self.period))

    def address(self, number: int) -> str:
        """Where everybody can read it."""
        return f"https://api.drand.sh/{self.chain}/public/{number}"


NETWORKS: Mapping[Network, Drand] = {
    Network.QUICKNET: Drand(
        "drand quicknet",
        "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
        datetime.fromtimestamp(1_692_803_367, UTC),
        timedelta(seconds=3),
    ),
    Network.DEFAULT: Drand(
        "drand default",
        "8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce",
        datetime.fromtimestamp(1_595_431_050, UTC),
        timedelta(seconds=30),
    ),
}
