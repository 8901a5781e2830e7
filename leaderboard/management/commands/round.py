"""manage.py round: where each round stands, and how an organizer moves one."""

import sys
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations
from django.utils import timezone

from accounts.models import User
from leaderboard.entering import CannotMove
from leaderboard.keys import rounds_by
from leaderboard.management.commands.open_round import moment
from leaderboard.management.people import add_who, organizer_named
from leaderboard.models import Proposal, Round, RoundState
from leaderboard.schedule import next_due
from leaderboard.signing import confirm_move, propose_move, waiting_proposal, withdraw_proposal
from leaderboard.states import STEPS, move, next_steps

ANSWERS = ("confirm", "withdraw")


class Command(BaseCommand):
    help = "Show the rounds, or one of them, or move one to another state. Says what it will do, and asks first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", nargs="?", help="the round, as 1 or 1-run-off (default: a list of all)")
        choices = [*RoundState.values, *ANSWERS]
        parser.add_argument("to", nargs="?", choices=choices, help="the state it is to have, or what is proposed")
        parser.add_argument("--reason", default="", help="one line, public for good")
        parser.add_argument("--reason-ko", default="", help="the same in Korean")
        parser.add_argument("--ends", help="the new end, where votes are to come in longer")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        add_who(parser)

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        if options["key"] is None:
            print("\n".join(map(in_a_line, Round.objects.order_by("number", "leg"))) or "There is no round yet.")
            return
        contest = rounds_by(options["key"]).first()
        if contest is None:
            raise CommandError(f"There is no round {options['key']}.")
        if options["to"] is None:
            print(in_full(contest))
            return
        try:
            print(answer(contest, options) if options["to"] in ANSWERS else step(contest, options))
        except CannotMove as why:
            raise CommandError(f"{contest} stays as it is: {why}.") from None


def step(contest: Round, options: dict[str, Any]) -> str:
    """Say what the step does, ask, and take it, or propose it where it takes two."""
    to, by = RoundState(options["to"]), organizer_named(options["by"])
    found = STEPS.get((RoundState(contest.state), to))
    why = {"reason": options["reason"], "reason_ko": options["reason_ko"]}
    if found and found.of_two:
        if not isinstance(by, User):
            raise CommandError("That takes two organizers: name the first with --by.")
        ask(f"{contest}, {contest.state} → {to}. {found.does} A second organizer has to confirm it.", options)
        propose_move(contest, to, by=by, **why)
        return f"{by.username} has asked for it. Another organizer: manage.py round {contest.key} confirm --by NAME"
    if found:
        ask(f"{contest}, {contest.state} → {to}. {found.does}", options)
    ends_at = moment(options["ends"]) if options["ends"] else None
    made = move(contest, to, by=by, ends_at=ends_at, **why)
    return f"{contest} is {made.to_state} since {local(made.at)}."


def answer(contest: Round, options: dict[str, Any]) -> str:
    """Confirm or withdraw what one organizer has proposed."""
    proposal, by = waiting_proposal(contest), organizer_named(options["by"])
    if proposal is None:
        raise CommandError(f"Nothing waits to be confirmed in {contest}.")
    if not isinstance(by, User):
        raise CommandError("Name the organizer who answers with --by.")
    if options["to"] == "withdraw":
        withdraw_proposal(proposal, by=by)
        return f"Withdrawn. {contest} stays {contest.state}."
    ask(f"{proposed(proposal)} {STEPS[RoundState(contest.state), RoundState(proposal.to_state)].does}", options)
    made = confirm_move(proposal, by=by)
    return f"{contest} is {made.to_state} since {local(made.at)}."


def ask(words: str, options: dict[str, Any]) -> None:
    """Go on only where somebody wants it. Raises CommandError."""
    print(words)
    if options["yes"]:
        return
    if not sys.stdin.isatty():
        raise CommandError("Nobody is here to be asked; say --yes.")
    if input("Go on? [y/N] ").strip().lower() not in {"y", "yes"}:
        raise CommandError(f"Round {options['key']} stays as it is.")


def in_a_line(contest: Round) -> str:
    due = next_due(contest)
    words = f"{contest}: {contest.state}"
    if due:
        words += f"; {due[0]} by the schedule at {local(due[1])}"
    return f"{words}. It cannot go on: {contest.hindrance}" if contest.hindrance else words


def in_full(contest: Round) -> str:
    """Where it stands, how it came there, and what each possible step would do."""
    dates = [f"opens {local(contest.opens_at)}"]
    dates += [f"freezes {local(contest.freezes_at)}"] if contest.freezes_at else []
    dates += [f"ends {local(contest.ends_at)}"]
    dates += [f"appeals until {local(contest.appeals_end_at)}"] if contest.appeals_end_at else []
    lines = [in_a_line(contest), "  " + ", ".join(dates), "", "So far:"]
    for one in contest.transitions.select_related("by", "confirmed_by"):
        names = " and ".join(user.username for user in (one.by, one.confirmed_by) if user)
        late = f" (due {local(one.due_at)})" if one.due_at else ""
        lines.append(
            f"  {local(one.at)}  {one.to_state:<12} {names or one.actor}{late}: {one.reason or 'as announced'}"
        )
    proposal = waiting_proposal(contest)
    if proposal:
        lines += ["", proposed(proposal)]
    steps = next_steps(contest)
    lines += ["", "It can become:" if steps else "It stays so."]
    for to, found in steps.items():
        by = " [two organizers]" if found.of_two else " [by itself at its time]" if found.by_clock else ""
        lines.append(f"  {to:<12} {found.does}{by}")
    if steps:
        lines += ["", f'manage.py round {contest.key} STATE --by NAME --reason "…"']
    return "\n".join(lines)


def proposed(proposal: Proposal) -> str:
    return f"{proposal.asked_by.username} asks for {proposal.to_state}, and waits for a second: {proposal.reason}"


def local(when: datetime) -> str:
    return f"{timezone.localtime(when):%Y-%m-%d %H:%M %Z}"
