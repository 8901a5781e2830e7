"""`python -m rating decide FOLDER`: who goes, by the files of an export, and whether they said the same."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rating.ballots import Ballots
from rating.decision import Decision, Grounds, decide, told_decision
from rating.errors import BadFile, BadGrounds
from rating.files import NO_VOTES, read_votes
from rating.readings import canonical

BALLOTS, GROUNDS, DECISION = "ballots.jsonl.gz", "grounds.json", "decision.json"


def decided_anew(folder: Path) -> tuple[Grounds, Decision, dict[str, Any]]:
    """The folder's grounds, the decision by them and its ballots, and what its own says. Raises BadFile, OSError."""
    text = read(folder, GROUNDS)
    try:
        grounds = Grounds.read(text)
        made = decide(*votes_in(folder), grounds)
    except BadGrounds as why:
        raise BadFile(GROUNDS, None, str(why)) from why
    try:
        return grounds, made, told_decision(read(folder, DECISION))
    except BadGrounds as why:
        raise BadFile(DECISION, None, str(why)) from why


def read(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except UnicodeDecodeError as why:
        raise BadFile(name, None, "not UTF-8 text") from why


def votes_in(folder: Path) -> tuple[Ballots, Sequence[str]]:
    """The counted ballots with their voters. A round of which no vote counts has a file all the same."""
    try:
        names, votes = read_votes(folder / BALLOTS, voter="voter", weight="weight")
    except BadFile as why:
        if why.why != NO_VOTES:
            raise
        return Ballots.from_arrays((), (), (), players=0, voter=()), ()
    assert isinstance(votes, Ballots)  # only arena JSON is counts
    return votes, names


def reproduced(made: Decision, said: dict[str, Any]) -> bool:
    """Whether they say the same, byte by byte."""
    return made.canonical() == canonical(said)


def in_words(made: Decision, grounds: Grounds) -> list[str]:
    """The decision, in lines; with whom it is not about, that nobody is missed among those who stay and go."""
    lines = [f"{made.votes} votes of {made.voters} voters; grounds {made.grounds}"]
    if beside := sorted(f"{one.slug} ({one.why})" for one in grounds.entrants if not one.competes):
        lines.append(f"not part of the cut: {', '.join(beside)}")
    if made.line:
        pair = made.line.pairs[0]
        needs = "" if pair.needs is None else f", and {pair.needs:g} are needed"
        lines.append(f"the closest over the line: {pair.stays} before {pair.goes} by {pair.gap:g}{needs}")
    if made.tied:
        lines.append(f"tied at the line: {listed(made.tied)}")
    for step in made.steps:
        found = [f"{slug} {figure}" for slug, figure in step.figures.items()]
        lines.append(f"  {step.step}{f' ({step.source})' if step.source else ''}: {'; '.join(found)}")
        lines.append(f"    stay: {listed(step.stays)}; go: {listed(step.goes)}; tied: {listed(step.rest.among)}")
    lines += [f"{trouble.what}: {' | '.join(', '.join(who) for who in trouble.who)}" for trouble in made.troubles]
    if made.state != "decided":
        return [*lines, f"not decided: {made.state}; tied still: {listed(made.open)}, places: {made.places}"]
    kept = f"; kept by a ruling: {listed(made.kept)}" if made.kept else ""
    return [*lines, f"decided by: {made.decided_by}", f"stay: {listed(made.stays)}", f"go: {listed(made.goes)}{kept}"]


def listed(slugs: frozenset[str]) -> str:
    return ", ".join(sorted(slugs)) or "nobody"
