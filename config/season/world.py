"""The season's world: entries whose strengths are known, and voters who judge by them. Random numbers in, votes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from config.season.phrases import PROMPTS, Prompt

TIES, BOTH_BAD = 0.13, 0.05  # of the votes on equals
SIDE_BIAS = 8.0  # Elo points for side A, as people have it
TASTE = 40.0  # Elo points by which voters differ in what they like
KOREAN = 0.8  # of the voters


@dataclass(frozen=True, slots=True)
class Contestant:
    """An entry of the season, and the truth about it that the arena has to find out. Strengths are Elo points."""

    slug: str
    name: str
    team: str
    strength: float
    better_at: Mapping[str, float] = field(default_factory=dict)
    """By category or language: how much stronger it is there than elsewhere."""
    listing: float = 0.3
    """How many of its answers are lists."""


CONTESTANTS = (
    Contestant("baram", "Baram", "Team Windmill", 1072, {"code": 60}, listing=0.6),
    Contestant("nuri", "Nuri", "Team Horizon", 1056, {"ko": 25}),
    Contestant("saebyeok", "Saebyeok", "Team Daybreak", 1010, {"writing": 70}, listing=0.1),
    Contestant("yeoul", "Yeoul", "Team Ripple", 970, {"maths": 60}),
    Contestant("dolmen", "Dolmen", "Team Capstone", 935, {"en": 50}, listing=0.5),
)
REFERENCE = Contestant("atlas", "Atlas", "Reference", 1130, {"en": 30}, listing=0.7)


@dataclass(frozen=True, slots=True)
class Guest:
    """A voter: how many battles this one has in a visit, in which language, and with what taste."""

    battles: int
    language: str
    taste: Mapping[str, float]


def guest(random: Random, entries: Sequence[Contestant]) -> Guest:
    """Most people vote a few times, some until their votes no longer count, and a few go on after that."""
    kind = random.random()
    battles = random.randint(1, 4) if kind < 0.7 else random.randint(5, 10) if kind < 0.96 else random.randint(11, 24)
    language = "ko" if random.random() < KOREAN else "en"
    return Guest(battles, language, {entry.slug: random.gauss(0, TASTE) for entry in entries})


def prompt_of(random: Random, who: Guest) -> Prompt:
    return random.choice([prompt for prompt in PROMPTS if prompt.language == who.language])


def strength_on(entry: Contestant, prompt: Prompt) -> float:
    """On average over the prompts it is what it is said to be; see `centred`."""
    extra = sum(entry.better_at.get(kind, 0.0) for kind in (prompt.category, prompt.language))
    return entry.strength + extra - centred(entry)


def centred(entry: Contestant) -> float:
    """What its better sides add up to on the average prompt."""
    korean = [prompt for prompt in PROMPTS if prompt.language == "ko"]
    english = [prompt for prompt in PROMPTS if prompt.language == "en"]
    extras = [
        share * sum(entry.better_at.get(prompt.category, 0.0) for prompt in some) / len(some)
        for share, some in ((KOREAN, korean), (1 - KOREAN, english))
    ]
    extras += [share * entry.better_at.get(spoken, 0.0) for share, spoken in ((KOREAN, "ko"), (1 - KOREAN, "en"))]
    return sum(extras)


def verdict(random: Random, who: Guest, a: Contestant, b: Contestant, prompt: Prompt) -> str:
    """A vote whose expected score is the logistic curve's, ties by half: what Bradley and Terry suppose."""
    gap = strength_on(a, prompt) + who.taste[a.slug] - strength_on(b, prompt) - who.taste[b.slug] + SIDE_BIAS
    expected = 1 / (1 + 10 ** (-gap / 400))
    undecided = min(TIES + BOTH_BAD, 2 * min(expected, 1 - expected) * (TIES + BOTH_BAD) * 2)
    chance = random.random()
    if chance < undecided:
        return "tie" if chance < undecided * TIES / (TIES + BOTH_BAD) else "both_bad"
    return "a" if chance < expected + undecided / 2 else "b"
