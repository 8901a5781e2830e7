"""A rulebook in words: chapters of rules, each a name and what it says."""

from typing import NamedTuple

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from frontend.eligibility_words import AXES
from leaderboard.components import Arena, Benchmark, Component, Marked, Named, Normalisation, Panel, Part
from leaderboard.rulebook import Rulebook, RunOff, TieStep


class Rule(NamedTuple):
    """A rule in words. `quoted` is shown as it was written, line by line."""

    name: str
    words: str
    steps: tuple[str, ...] = ()
    quoted: str = ""


class Chapter(NamedTuple):
    title: str
    rules: list[Rule]


def rules_in_words(rules: Rulebook) -> list[Chapter]:
    return [
        Chapter(_("The cut"), cut(rules)),
        *([Chapter(_("The score"), score(rules))] if rules.components else []),
        Chapter(_("Voting"), voting(rules)),
        Chapter(_("The same for both models"), answering(rules)),
        Chapter(_("Who meets whom"), pairing(rules)),
        Chapter(_("How votes become ratings"), rating(rules)),
        Chapter(_("After the round"), afterwards(rules)),
    ]


def cut(rules: Rulebook) -> list[Rule]:
    said = [
        Rule(
            _("How many go out"),
            ngettext("The last one on the board.", "The last {n} on the board.", rules.cut_size).format(
                n=rules.cut_size
            ),
        ),
        Rule(_("What decides"), what_decides(rules)),
        Rule(
            _("Minimum of votes"),
            ngettext(
                "A model with fewer than {n} counted vote is marked as one with too few.",
                "A model with fewer than {n} counted votes is marked as one with too few.",
                rules.minimum_votes,
            ).format(n=rules.minimum_votes)
            if rules.minimum_votes
            else _("None."),
        ),
        Rule(
            _("When it counts as a tie"),
            _(
                "If the gap at the line is less than {band} Elo points, or than its error at 95 %, "
                "or if fewer than {voters} voters could turn it."
            ).format(band=rules.tie_band, voters=rules.fewest_voters),
        ),
        Rule(
            _("How a tie is settled"),
            _("Whom the votes leave tied here is told apart by the next step of the rules of its round.")
            if rules.stage == "run_off"
            else _("By these steps in turn, until nobody is tied. Which of them decided is published with the result."),
            steps=tuple(tie_step(step, rules) for step in rules.tie_chain),
        ),
    ]
    if rules.freeze_hours:
        words = ngettext(
            "The public board stands still for the last {n} hour; votes still count, "
            "and names are shown after the round.",
            "The public board stands still for the last {n} hours; votes still count, "
            "and names are shown after the round.",
            rules.freeze_hours,
        )
        said.append(Rule(_("Freeze"), words.format(n=rules.freeze_hours)))
    else:
        said.append(Rule(_("Freeze"), _("None: the board is live until the end.")))
    return said


def what_decides(rules: Rulebook) -> str:
    if not rules.components:
        return _("The rating in the arena, and nothing beside it.")
    return _("A total of at most {total} points: {parts}. How each is found stands under “The score”.").format(
        total=rules.total, parts=", ".join(f"{title_of(one)} {one.weight}" for one in rules.components)
    )


def title_of(named: Named | Part) -> str:
    """What it is called in the reader's language; the Korean may be missing."""
    return named.title_ko if named.title_ko and get_language() == "ko" else named.title


def score(rules: Rulebook) -> list[Rule]:
    return [
        *(Rule(title_of(one), " ".join(component(one)), steps=parts(one)) for one in rules.components),
        Rule(
            _("The total"),
            _(
                "The components' points are added up exactly, and compared so. Only where they are shown are they "
                "rounded, the total to {n} decimal places, a half upwards. The errors of the components are carried "
                "into the total's."
            ).format(n=rules.total_places),
        ),
        Rule(
            _("When scores are public"),
            _("As they are entered.") if rules.scores_public == "at_once" else _("Together with the result."),
        ),
    ]


def component(one: Component) -> list[str]:
    said = [_("At most {n} points.").format(n=one.weight)]
    if isinstance(one, Panel):
        said += panel(one)
    elif isinstance(one, Arena):
        said.append(_("The ratings on the board, made of the public's votes."))
    elif not one.parts:
        said.append(_("One mark a model, from 0 to {top}.").format(top=one.top))
    return [*said, normalisation(one)]


def panel(one: Panel) -> list[str]:
    if one.marks == "panel":
        return [_("The panel gives each model one mark, from 0 to {top}.").format(top=one.top)]
    said = [_("Each judge marks each model, from 0 to {top}.").format(top=one.top)]
    said.append(
        _("The highest and the lowest mark of a model are left out, and the mean of the others counts.")
        if one.together == "trimmed"
        else _("Their mean counts.")
    )
    said.append(
        ngettext(
            "It takes the marks of at least {n} judge.",
            "It takes the marks of at least {n} judges.",
            one.fewest_judges,
        ).format(n=one.fewest_judges)
    )
    said.append(
        _(
            "No judge may belong to a team that competes. A judge with a conflict does not mark that model, "
            "and the others' marks make its score."
        )
    )
    told = {
        "names": _("Judges and their marks are published by name."),
        "pseudonyms": _("Judges' marks are published under pseudonyms."),
        "mean": _("Only what all judges say together is published."),
    }
    return [*said, told[one.told]]


def normalisation(one: Component) -> str:
    top = one.top if isinstance(one, Marked) else ""
    match one.normalisation:
        case Normalisation.POINTS:
            return _("The score is its points.")
        case Normalisation.SHARE:
            return _("The points are the score's share of {top}.").format(top=top)
        case Normalisation.MIN_MAX:
            return _("The lowest score gives no points, the highest all; the others lie between as their scores do.")
        case _:
            return _("The points go by rank: the share of the others whose score is lower, an equal one counting half.")


def parts(one: Component) -> tuple[str, ...]:
    return tuple(part(each) for each in one.parts) if isinstance(one, Benchmark) else ()


def part(one: Part) -> str:
    said = [_("{part}: at most {n} points.").format(part=title_of(one), n=one.points)]
    if one.own:
        said.append(_("Each team brings its own tests."))
    if one.tests:
        said.append(
            ngettext("The mean of {n} test: {tests}.", "The mean of {n} tests: {tests}.", len(one.tests)).format(
                n=len(one.tests), tests=", ".join(one.tests)
            )
        )
    if one.top != one.points:
        said.append(_("A test's mark goes from 0 to {top}.").format(top=one.top))
    return " ".join(said)


TIE_STEPS = {
    TieStep.RUN_OFF: gettext_lazy("A run-off: more votes between the models at the line."),
    TieStep.HEAD_TO_HEAD: gettext_lazy("The votes between just these models."),
    TieStep.COMPONENT: gettext_lazy("The better score in a component of the result."),
    TieStep.SCORE: gettext_lazy("The higher score stays, though it does not clearly tell them apart."),
    TieStep.EARLIER_SUBMISSION: gettext_lazy("The model that was submitted earlier stays."),
    TieStep.BEACON: gettext_lazy(
        "A public random number that nobody can know before: which one is named while votes come in, and two "
        "organizers enter it when it is out."
    ),
}


def tie_step(step: TieStep, rules: Rulebook | None = None) -> str:
    """What a step of the tie chain is; with rules, which component it goes by."""
    named = {one.name: title_of(one) for one in rules.components} if rules else {}
    if step == TieStep.COMPONENT and rules and rules.tie_component in named:
        return _("The better score in this component: {component}.").format(component=named[rules.tie_component])
    if step == TieStep.RUN_OFF and rules:
        return run_off(rules.run_off)
    return str(TIE_STEPS[step])


def run_off(rules: RunOff) -> str:
    who = (
        _("Only who has an invitation code votes there.")
        if rules.voters == "verified"
        else _("Everybody may vote there.")
    )
    words = ngettext(
        "A run-off between the models at the line. It opens {notice} hours after it was called, for {hours} hour.",
        "A run-off between the models at the line. It opens {notice} hours after it was called, for {hours} hours.",
        rules.hours,
    )
    return f"{words.format(hours=rules.hours, notice=rules.notice_hours)} {who}"


def voting(rules: Rulebook) -> list[Rule]:
    after_vote = rules.reveal == "vote"
    return [
        Rule(
            _("Votes of one visitor"),
            ngettext(
                "{n} counts in the round, spread over the pairs of models. Later ones are kept but not counted.",
                "{n} count in the round, spread over the pairs of models. Later ones are kept but not counted.",
                rules.voter_cap,
            ).format(n=rules.voter_cap),
        ),
        Rule(
            _("Who may vote"),
            _("Only who has entered a one-time invitation code of this round. Nobody is told which code a vote is of.")
            if rules.voters == "verified"
            else _("Everybody who is 14 or older."),
        ),
        Rule(_("Groups of visitors"), _("None: nobody is asked who they are, and every counted vote weighs the same.")),
        Rule(
            _("Questions in one battle"),
            ngettext("At most {n}.", "At most {n}.", rules.max_turns).format(n=rules.max_turns),
        ),
        Rule(
            _("Names"),
            _("Shown to the voter after the vote.")
            if after_vote
            else _("Shown to the voter when the round is closed."),
        ),
        Rule(
            _("References"),
            _("They battle and are never ranked for survival: {names}.").format(names=", ".join(rules.references))
            if rules.references
            else _("None: every model in this round can go out."),
        ),
    ]


def answering(rules: Rulebook) -> list[Rule]:
    return [
        Rule(
            _("Sampling"),
            _("Temperature {temperature}, top-p {top_p}, at most {tokens} tokens an answer.").format(
                temperature=rules.temperature, top_p=rules.top_p, tokens=rules.max_tokens
            ),
        ),
        Rule(
            _("System prompt"),
            _("Both are told this before the first question:") if rules.system_prompt else _("None."),
            quoted=rules.system_prompt,
        ),
        Rule(
            _("Pace"),
            _("At most {n} characters a second, both sides in step, so that speed tells nothing.").format(n=rules.pace)
            if rules.pace
            else _("As the answers come."),
        ),
        Rule(
            _("Who serves the models"),
            _("Teams may enter servers of their own, each checked before it answers.")
            if rules.hosting == "teams"
            else _("The organizers enter the servers, each checked before it answers."),
        ),
    ]


def pairing(rules: Rulebook) -> list[Rule]:
    design = rules.pairing
    if design.method == "uniform":
        return [
            Rule(
                _("Pairs and sides"),
                _(
                    "Drawn by chance, every pair as likely as any other; only pairs on which "
                    "the visitor's votes no longer count come last."
                ),
            )
        ]
    return [
        Rule(
            _("Pairs and sides"),
            _(
                "Drawn by chance. Every pair gets {floor} votes first; then {explore} of the battles fall on all pairs "
                "alike, the others on those that tell most about the line. The probability is kept with each battle."
            ).format(floor=design.floor, explore=f"{design.explore * 100:f}".rstrip("0").rstrip(".") + " %"),
        ),
        Rule(
            _("Bound"),
            _("No model is drawn more than {cap} times as often as the one drawn least.").format(cap=design.cap),
        ),
    ]


def rating(rules: Rulebook) -> list[Rule]:
    return [
        Rule(
            _("Method"),
            _("Bradley-Terry by maximum likelihood, with {prior} phantom games a model, in Elo points.").format(
                prior=rules.ratings.prior
            ),
        ),
        Rule(_("Ties"), _("Ties and “both are bad” count half for each side.")),
        Rule(
            _("Intervals"),
            _(
                "95 %, with each visitor taken for one draw, and never narrower than few votes allow. "
                "With more than 32 models, each vote is taken for one."
            ),
        ),
    ]


def afterwards(rules: Rulebook) -> list[Rule]:
    return [
        Rule(
            _("Whether it may compete"),
            _("Before the result is published, each model has a verdict on these; who fails one is out beside the cut.")
            if rules.eligibility
            else _("Looked into where there is cause; a model that does not pass is out beside the cut."),
            steps=tuple(str(AXES[axis]) for axis in rules.eligibility),
        ),
        Rule(
            _("Appeals"),
            ngettext(
                "For {n} day after the result is published.",
                "For {n} days after the result is published.",
                rules.appeal_days,
            ).format(n=rules.appeal_days)
            if rules.appeal_days
            else _("None."),
        ),
        Rule(_("Who may appeal"), appellants(rules)),
        Rule(
            _("Old votes"),
            _(
                "If a model leaves, the votes on it stay and go on anchoring the others. "
                "A changed model is a new one, without votes."
            ),
        ),
    ]


def appellants(rules: Rulebook) -> str:
    if rules.appellants == "out":
        return _("The teams of models that are out, by the cut or disqualified.")
    return _("Every team that took part in the round.")
