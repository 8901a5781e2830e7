"""Rounds in the organizers' hands: drafted, moved, amended; explained before, logged after; two for some."""

import re
from datetime import datetime, timedelta

import pytest
from django.db.models import Q
from django.utils import timezone

from accounts.models import Action
from frontend.console.words import ENTERING, STATES, STEPS
from inference.entries import add_entry
from leaderboard.editions import newest
from leaderboard.fold import fold
from leaderboard.models import Participation, Proposal, Round, RoundState, Standing
from leaderboard.rulebook import in_force
from leaderboard.states import STEPS as POSSIBLE
from leaderboard.states import next_steps
from tests.arena.test_voting import voted
from tests.person import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

HOME = "/console/rounds/1"
WHY = {"reason": "As agreed.", "reason_ko": "정한 대로입니다."}


def said(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def typed(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")


def form(answer) -> dict[str, object]:
    """What a browser would send of the page's last form, untouched."""
    html = answer.content.decode()
    html = html[html.rindex('<form class="stack"') :]
    fields: dict[str, object] = {}
    for tag in re.findall(r"<input[^>]*>", html):
        name, value = (re.search(rf' {key}="([^"]*)"', tag) for key in ("name", "value"))
        if name and ("checkbox" not in tag or " checked" in tag):
            fields.setdefault(name[1], []).append(value[1] if value else "")
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options) or re.search(
            r'<option value="([^"]*)"', options
        )
        fields.setdefault(name, []).append(chosen[1])
    for name, text in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>(.*?)</textarea>', html, re.DOTALL):
        fields[name] = [text]
    return fields


def send(person, path: str, page=None, **changes):
    """Post the page's form with these fields typed over."""
    page = page or person.get(path)
    return person.client.post(path, form(page) | changes, follow=True)


@pytest.fixture
def entries(transactional_db):
    return [add_entry(slug=name.lower(), name=name, team=f"Team {name}") for name in ("Alder", "Birch", "Cedar")]


@pytest.fixture
def drafted(entries, organizer):
    """An organizer who has made a draft over two of the three."""
    ada = organizer()
    answer = send(
        ada,
        "/console/rounds/new",
        opens_at=typed(timezone.now() + timedelta(days=1)),
        ends_at=typed(timezone.now() + timedelta(days=9)),
        **{"part-alder": "competes", "part-birch": "competes"},
        **WHY,
    )
    assert answer.request["PATH_INFO"] == HOME, said(answer)
    return ada


def step(person, to: str, **changes):
    return send(person, f"{HOME}/to/{to}", **{**WHY, **changes})


def state() -> str:
    return Round.objects.get().state


def test_a_draft_is_made_and_changed_by_a_form_and_only_organizers_see_it(drafted, client):
    assert state() == "draft"
    assert client.get("/rounds/1/rules").status_code == 404
    page = drafted.get(f"{HOME}/draft")
    assert "A smaller gap at the line counts as a tie." in said(page)
    answer = send(
        drafted,
        f"{HOME}/draft",
        page,
        cut_size="1",
        temperature="0.35",
        system_prompt="Be brief.\r\nBe kind.",
        freeze_hours="24",
        tie_chain=["beacon", "run_off", "", ""],
        **{"pairing-method": "uniform", "part-cedar": "reference"},
    )
    assert "The draft is changed." in said(answer)
    rules = in_force(Round.objects.get())
    assert (rules.cut_size, str(rules.temperature), rules.system_prompt) == (1, "0.35", "Be brief.\nBe kind.")
    assert (rules.freeze_hours, rules.tie_chain, rules.pairing.method) == (24, ("beacon", "run_off"), "uniform")
    assert rules.references == ("cedar",)
    assert Participation.objects.count() == 2
    again = form(drafted.get(f"{HOME}/draft"))
    assert (again["temperature"], again["tie_chain"][:2]) == (["0.35"], ["beacon", "run_off"])
    assert [again[f"part-{slug}"] for slug in ("alder", "cedar")] == [["competes"], ["reference"]]
    assert [row.action for row in Action.objects.all()] == ["round.draft_changed", "round.moved"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cut_size": "2"}, "a cut of 2 does not fit 2 entries"),
        ({"cut_size": "many"}, "cut_size"),
        ({"temperature": "3"}, "temperature"),
        ({"tie_chain": ["beacon", "beacon", "", ""]}, "named twice"),
        ({"ends_at": "2020-01-01T00:00"}, "its end has passed already"),
        ({"ends_at": "soon"}, "its end is no date"),
        ({"opens_at": "2099-01-01T00:00"}, "it would end before it opens"),
        ({"freeze_hours": "999"}, "stand still from the beginning"),
    ],
)
def test_what_makes_no_round_is_refused_with_words_and_stays_typed(drafted, changes, words):
    answer = send(drafted, f"{HOME}/draft", system_prompt="Typed with care.", **changes)
    assert answer.status_code == 409
    assert words in said(answer)
    kept = form(answer)
    assert kept["system_prompt"] == ["Typed with care."]
    for name, value in changes.items():
        if name in ("cut_size", "temperature", "freeze_hours"):
            assert kept[name] == [value]
    assert in_force(Round.objects.get()).system_prompt == ""


def test_two_entries_of_one_team_are_refused(drafted):
    add_entry(slug="alder-2", name="Alder 2", team="Team Alder")
    answer = send(drafted, f"{HOME}/draft", **{"part-alder-2": "competes"})
    assert "two of the entries belong to one team" in said(answer)


def test_each_step_is_explained_before_and_logged_after(drafted):
    page = said(drafted.get(f"{HOME}/to/scheduled"))
    assert "The dates and the rules become public." in page
    assert "Until it opens it can be taken back to a draft." in page
    assert state() == "draft"
    assert "Round 1 is now: Scheduled." in said(step(drafted, "scheduled"))
    assert "As agreed." in said(drafted.get(HOME))
    log = said(drafted.get("/console/log"))
    assert "Draft → Scheduled" in log
    assert "made the draft" in log


def test_a_step_without_a_reason_is_not_taken_and_nothing_typed_is_lost(drafted):
    answer = step(drafted, "scheduled", reason="", reason_ko="그대로")
    assert "it needs a reason that everybody can read" in said(answer)
    assert 'value="그대로"' in answer.content.decode()
    assert state() == "draft"


def test_the_second_of_two_organizers_is_told_and_loses_nothing(drafted, organizer):
    bob = organizer("bob")
    pages = [bob.get(f"{HOME}/draft"), bob.get(f"{HOME}/to/scheduled")]
    send(drafted, f"{HOME}/draft", max_turns="3")
    answer = send(bob, f"{HOME}/draft", pages[0], system_prompt="Bob's words.")
    assert answer.status_code == 409
    assert "This was changed meanwhile" in said(answer)
    assert form(answer)["system_prompt"] == ["Bob&#x27;s words."]
    assert in_force(Round.objects.get()).max_turns == 3
    # What stands there now has been shown; sent again, it is taken.
    assert "The draft is changed." in said(send(bob, f"{HOME}/draft", answer, system_prompt="Bob's words."))
    stale = send(bob, f"{HOME}/to/scheduled", pages[1], **WHY)
    assert "This was changed meanwhile" in said(stale)
    step(drafted, "scheduled")
    late = send(bob, f"{HOME}/to/scheduled", stale, **WHY)
    assert "this is not possible" in said(late)
    assert "As agreed." in said(late)


def opened(person) -> Round:
    for to in ("scheduled", "open"):
        step(person, to)
    assert state() == "open"
    return Round.objects.get()


def test_an_open_round_is_amended_with_a_reason_and_its_end_moved(drafted):
    opened(drafted)
    page = drafted.get(f"{HOME}/amend")
    assert "tie_band" not in page.content.decode()
    assert "it needs a reason" in said(send(drafted, f"{HOME}/amend", page, max_turns="2"))
    shown = send(drafted, f"{HOME}/amend", max_turns="2", **WHY)
    assert "Nothing is done yet." in said(shown)
    assert re.search(r"<del>At most 6\.</del>\s*<br>\s*<ins>At most 2\.</ins>", said(shown))
    assert said(shown).count("<ins>") == 1
    assert in_force(Round.objects.get()).max_turns == 6
    assert form(send(drafted, f"{HOME}/amend", shown, sure="no"))["max_turns"] == ["2"]
    assert "Round 1 has new rules." in said(send(drafted, f"{HOME}/amend", shown, sure="yes"))
    contest = Round.objects.get()
    assert in_force(contest).max_turns == 2
    assert contest.rulebooks.latest("version").reason == "As agreed."
    end = timezone.now() + timedelta(days=20)
    assert "its new end has passed already" in said(step(drafted, "open", ends_at="2020-01-01T00:00"))
    step(drafted, "open", ends_at=typed(end))
    assert abs(Round.objects.get().ends_at - end) < timedelta(minutes=1)
    log = said(drafted.get("/console/log"))
    assert "amended the rules: version 2" in log


def test_what_is_for_good_takes_two_organizers(drafted, organizer):
    opened(drafted)
    bob = organizer("bob")
    asked = said(step(drafted, "annulled"))
    assert "It waits for another organizer to confirm it." in asked
    assert "Another organizer has to confirm it; you cannot." in asked
    assert state() == "open"
    assert "ada asks for a second signature on Round 1." in said(bob.get("/console/"))
    assert "cannot confirm it, too" in said(send(drafted, f"{HOME}/confirm"))
    page = said(bob.get(f"{HOME}/confirm"))
    for words in ("Annul", "ada", "As agreed.", "This cannot be undone."):
        assert words in page
    assert "Confirmed and done." in said(send(bob, f"{HOME}/confirm"))
    assert state() == "annulled"
    assert "ada + bob" in said(bob.get(HOME))
    assert "Open → Annulled, confirmed by bob" in said(bob.get("/console/log"))
    assert "No step" not in said(bob.get(HOME))


def test_what_was_asked_for_can_be_withdrawn_by_any_organizer(drafted, organizer):
    opened(drafted)
    bob = organizer("bob")
    stale = bob.get(f"{HOME}/to/annulled")
    step(drafted, "annulled")
    assert "This was changed meanwhile" in said(send(bob, f"{HOME}/to/annulled", stale, **WHY))
    confirming = drafted.get(f"{HOME}/withdraw")
    assert "Withdrawn." in said(send(bob, f"{HOME}/withdraw"))
    assert "This was changed meanwhile" in said(send(drafted, f"{HOME}/withdraw", confirming))
    assert not Proposal.objects.filter(withdrawn_by=None).exists()
    assert state() == "open"


def test_a_round_is_taken_to_its_final_result_by_the_console(site, visitor, organizer):
    ada, bob = organizer(), organizer("bob")
    contest = Round.objects.get()
    while Standing.objects.filter(Q(rank=None) | Q(votes__lt=2), board=newest(contest.series)).exists():
        voted(visitor)
        fold(contest)
    step(ada, "closed")
    step(ada, "tallied")
    assert 'data-need="publish"' in said(ada.get("/console/"))
    for to in ("provisional", "appeal", "final"):
        step(ada, to)
    assert "appeals can still be made" in said(send(bob, f"{HOME}/confirm"))
    Round.objects.update(appeals_end_at=timezone.now() - timedelta(seconds=1))
    assert 'data-need="finish"' in said(ada.get("/console/"))
    send(bob, f"{HOME}/confirm")
    assert state() == "final"


def part(person, slug: str, to: str, page=None, **changes):
    return send(person, f"{HOME}/entries/{slug}/{to}", page, **{**WHY, **changes})


def states() -> dict[str, str]:
    return dict(Participation.objects.values_list("entry__slug", "state"))


def test_entries_come_and_go_for_a_reason_each_explained_and_logged(contest, organizer):
    ada = organizer()
    assert "It can be let in again." in said(ada.get(f"{HOME}/entries/alder/suspended"))
    assert "Alder: done." in said(part(ada, "alder", "suspended"))
    assert states()["alder"] == "suspended"
    part(ada, "alder", "competing")
    part(ada, "birch", "disqualified")
    assert "it needs a reason" in said(part(ada, "cedar", "withdrawn", reason=""))
    assert states() == {"alder": "competing", "birch": "disqualified", "cedar": "competing", "dogwood": "competing"}
    assert ada.get(f"{HOME}/entries/alder/competing").status_code == 404
    log = said(ada.get("/console/log"))
    for words in ("alder: takes part → suspended", "alder: suspended → takes part", "birch: takes part → disqualified"):
        assert words in log


def test_a_wildcard_is_admitted_and_an_entry_replaced_by_its_team(contest, organizer):
    ada = organizer()
    add_entry(slug="elm", name="Elm", team="Team Elm")
    add_entry(slug="alder-2", name="Alder 2", team="Team Alder")
    assert "no model was chosen" in said(send(ada, f"{HOME}/admit", **WHY))
    assert "It takes part from the next battle on." in said(send(ada, f"{HOME}/admit", entry="elm", **WHY))
    page = ada.get(f"{HOME}/entries/alder/replaced")
    assert "alder-2" in page.content.decode()
    assert 'value="elm"' not in page.content.decode()
    part(ada, "alder", "replaced", page, entry="alder-2")
    told = states()
    assert (told["alder"], told["alder-2"], told["elm"]) == ("withdrawn", "competing", "competing")
    assert "elm came in" in said(ada.get("/console/log"))
    assert "(wildcard)" in said(ada.get(HOME))


def test_two_organizers_who_change_the_same_entry_are_ordered(contest, organizer):
    ada, bob = organizer(), organizer("bob")
    page = bob.get(f"{HOME}/entries/alder/disqualified")
    part(ada, "alder", "suspended")
    answer = part(bob, "alder", "disqualified", page)
    assert "This was changed meanwhile" in said(answer)
    assert states()["alder"] == "suspended"
    part(bob, "alder", "disqualified", answer)
    assert states()["alder"] == "disqualified"


def test_dangerous_pages_want_the_password_again_after_a_while(drafted):
    session = drafted.client.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": 0}]
    session.save()
    asked = drafted.get(f"{HOME}/to/scheduled")
    assert asked.request["PATH_INFO"] == "/accounts/reauthenticate/"
    back = drafted.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": f"{HOME}/to/scheduled"})
    assert back.request["PATH_INFO"] == f"{HOME}/to/scheduled"


@pytest.mark.parametrize(
    "path", ["/console/rounds/9", f"{HOME}/to/nowhere", f"{HOME}/to/final", f"{HOME}/confirm", f"{HOME}/amend"]
)
def test_what_is_not_there_is_not_found(drafted, path):
    assert drafted.get(path).status_code == 404


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_pages_keep_the_policy_and_the_language(entries, organizer, language):
    ada = organizer(language=language)
    dates = {
        "opens_at": typed(timezone.now() + timedelta(days=1)),
        "ends_at": typed(timezone.now() + timedelta(days=9)),
    }
    pages = [ada.get("/console/rounds/new")]
    send(ada, "/console/rounds/new", pages[0], **{"part-alder": "competes", "part-birch": "competes"}, **dates, **WHY)
    pages += [ada.get(path) for path in (HOME, f"{HOME}/draft", f"{HOME}/to/scheduled")]
    opened(ada)
    pages += [ada.get(path) for path in (f"{HOME}/amend", f"{HOME}/to/annulled", f"{HOME}/to/open")]
    step(ada, "annulled")
    pages += [ada.get(path) for path in (HOME, f"{HOME}/confirm", f"{HOME}/withdraw", "/console/", "/console/log")]
    for page in pages:
        html = said(page)
        assert page.status_code == 200
        assert html.count("<h1") == 1
        assert f'<html lang="{language}">' in html
        assert " style=" not in html
        for control in re.findall(r'<(?:input|select|textarea) id="([^"]+)"', html):
            assert f'for="{control}"' in html
        assert ("Back" in html or "Console" in html.replace("/console", "")) == (language == "en")


def test_every_state_and_step_has_its_words():
    assert set(STATES) == set(RoundState.values)
    assert {str(to) for _start, to in POSSIBLE} <= set(STEPS) & set(ENTERING)
    assert next_steps(Round(state="final")).keys() == {RoundState.ANNULLED}
