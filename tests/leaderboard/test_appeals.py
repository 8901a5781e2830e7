"""A team appeals against a result: in time or not at all, once a ground, and in words that can be shown."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone, translation

from accounts.models import Action, Membership, Team, User
from leaderboard.appeals.files import FILE_BYTES, Sent
from leaderboard.appeals.filing import CannotAppeal, Statement, file_appeal, withdraw_appeal
from leaderboard.appeals.waiting import waiting_appeals
from leaderboard.entering import CannotMove
from leaderboard.models import Actor, Appeal, AppealFile, Participation, Round, RoundState
from leaderboard.rounds import close_round
from leaderboard.signing import confirm_move, propose_move
from leaderboard.states import move
from tests.conftest import make_contest
from tests.leaderboard.test_closing import decide

S = RoundState
PDF = Sent("count.pdf", b"%PDF-1.7 of a count")
SAID = Statement("counting", "Votes of the last hour are missing.", "Count them.", "https://example.org/hour", (PDF,))


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def owner_of(slug, role="owner"):
    team = Team.objects.get(slug=f"team-{slug}")
    name = f"{slug}-{role}"
    user, _new = User.objects.get_or_create(username=name, defaults={"email": f"{name}@example.org"})
    Membership.objects.get_or_create(team=team, user=user, role=role)
    return team, user


def organizer(name):
    return User.objects.create(username=name, email=f"{name}@example.org", is_staff=True)


def published(contest, *, to=S.APPEAL):
    """Dogwood is out by a published result, and appeals are heard."""
    decide(contest)
    close_round(contest)
    if to == S.APPEAL:
        move(contest, S.APPEAL, by=Actor.COMMAND, reason="As agreed.")
    contest.refresh_from_db()
    return contest


@pytest.fixture
def appealed(contest):
    return published(contest)


def appeal(contest, slug="dogwood", **changes):
    team, user = owner_of(slug)
    said = {name: getattr(SAID, name) for name in ("ground", "text", "asks", "links", "files")} | changes
    return file_appeal(contest, team, Statement(**said), by=user)


def over(contest, ago=timedelta(seconds=1)):
    """The deadline for appeals has passed."""
    Round.objects.filter(pk=contest.pk).update(appeals_end_at=timezone.now() - ago)


def test_a_team_appeals_with_evidence_and_its_name_is_kept(appealed):
    made = appeal(appealed)
    assert (made.number, made.team.slug, made.filed_by.username) == (1, "team-dogwood", "dogwood-owner")
    assert ([one["url"] for one in made.evidence], made.waits) == (["https://example.org/hour"], True)
    sent = made.files.get()
    assert (sent.name, bytes(sent.content), sent.size) == ("count.pdf", PDF.content, len(PDF.content))
    assert [one.number for one in waiting_appeals(appealed)] == [1]
    assert Action.objects.filter(action="appeal.filed", actor=made.filed_by).count() == 1


def test_it_can_appeal_as_soon_as_the_result_is_published(contest):
    published(contest, to=S.PROVISIONAL)
    assert appeal(contest).number == 1


def test_the_same_words_sent_twice_are_one_appeal(appealed):
    assert appeal(appealed).pk == appeal(appealed, text="  Votes of the last hour\u00a0are missing.\r\n").pk
    assert AppealFile.objects.count() == 1
    with pytest.raises(CannotAppeal, match="on this ground waits already: number 1"):
        appeal(appealed, text="And of the hour before.")
    assert appeal(appealed, ground="procedure").number == 2
    assert appeal(appealed, "alder").number == 3


def test_a_double_click_gives_one_appeal(appealed):
    owner_of("dogwood")
    found, together = [], threading.Barrier(2)

    def click():
        try:
            together.wait()
            with translation.override("en"):
                found.append(appeal(appealed).number)
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert (found, Appeal.objects.count()) == ([1, 1], 1)


def test_a_late_appeal_is_refused_with_both_times_and_changes_nothing(appealed):
    over(appealed)
    with pytest.raises(CannotAppeal, match=r"until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d KST, and it is .* now"):
        appeal(appealed)
    assert not Appeal.objects.exists()
    assert not Action.objects.filter(action="appeal.filed").exists()


@pytest.mark.parametrize("state", ["open", "closed", "tallied", "final", "annulled"])
def test_without_a_result_or_after_it_is_final_nobody_appeals(contest, state):
    Round.objects.update(state=state)
    with pytest.raises(CannotAppeal, match="there is no result to appeal against, or it is final"):
        appeal(contest)


def test_only_teams_of_the_round_appeal_and_only_by_their_owners(appealed):
    with pytest.raises(CannotAppeal, match="only an owner of the team speaks for it"):
        file_appeal(appealed, *[(one := owner_of("dogwood", "member"))[0], SAID], by=one[1])
    Team.objects.create(slug="team-elm", name="Team Elm")
    with pytest.raises(CannotAppeal, match="Team Elm has not taken part in this round"):
        appeal(appealed, "elm")
    team, user = owner_of("alder")
    Participation.objects.filter(team=team).update(role="reference")
    with pytest.raises(CannotAppeal, match="has not taken part"):
        file_appeal(appealed, team, SAID, by=user)


def test_a_rulebook_may_let_only_those_appeal_who_are_out_or_nobody(worker, transactional_db):
    contest = published(make_contest(worker, 4, appellants="out"))
    with pytest.raises(CannotAppeal, match="only those who are out can appeal"):
        appeal(contest, "alder")
    assert appeal(contest).number == 1


def test_a_rulebook_without_days_for_appeals_lets_nobody_appeal(worker, transactional_db):
    contest = published(make_contest(worker, 4, appeal_days=0), to=S.PROVISIONAL)
    with pytest.raises(CannotAppeal, match="there are no appeals in this round"):
        appeal(contest)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ground": "weather"}, "one of the grounds"),
        ({"text": " \n "}, "says what was wrong"),
        ({"asks": ""}, "what it asks for"),
        ({"text": "x" * 4001}, "at most 4000 characters"),
        ({"text": "nothing\0here"}, "a character that cannot be shown"),
        ({"asks": "count \u202emeht"}, "a character that cannot be shown"),
        ({"links": "javascript:alert(1)"}, "an address on the web"),
        ({"links": "https://example.org/\0"}, "an address on the web"),
        ({"links": "\n".join(["https://example.org/"] * 11)}, "at most 10 pieces"),
        ({"files": (PDF,) * 4}, "at most 3 files"),
        ({"files": (Sent("page.html", b"<script>"),)}, "only .pdf"),
        ({"files": (Sent("count.pdf", b"<script>"),)}, "does not hold what its name says"),
        ({"files": (Sent("count.csv", b"a,\xff\xfe"),)}, "does not hold what its name says"),
        ({"files": (Sent("count.txt", b"a\0b"),)}, "does not hold what its name says"),
        ({"files": (Sent("count.pdf", b""),)}, "is empty"),
        ({"files": (Sent("count.txt", b"x" * (FILE_BYTES + 1)),)}, "larger than 1024 KB"),
        ({"files": (Sent(".pdf", b"%PDF-"),)}, "only .pdf"),
    ],
)
def test_what_makes_no_appeal_is_refused_with_words(appealed, changes, words):
    with pytest.raises(CannotAppeal, match=words):
        appeal(appealed, **changes)
    assert not Appeal.objects.exists()


def test_a_files_name_leads_nowhere(appealed):
    made = appeal(appealed, files=(Sent('../..\\etc/"집계\r\nX: 표.TXT', b"text"),))
    assert made.files.get().name == "etc_집계_X_표.txt"


def test_a_withdrawn_appeal_waits_no_more_and_can_be_made_again(appealed):
    made = appeal(appealed)
    _team, user = owner_of("dogwood")
    with pytest.raises(CannotAppeal, match="only an owner"):
        withdraw_appeal(made, by=owner_of("alder")[1])
    assert withdraw_appeal(made, by=user).withdrawn_by == user
    assert not waiting_appeals(appealed)
    with pytest.raises(CannotAppeal, match="ruled on or withdrawn already"):
        withdraw_appeal(made, by=user)
    assert appeal(appealed).number == 2


def test_nobody_rewrites_an_appeal(appealed):
    made = appeal(appealed)
    for change in ({"text": "Other words."}, {"settled_at": timezone.now(), "text": "Other words."}, {"evidence": []}):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            Appeal.objects.filter(pk=made.pk).update(**change)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        AppealFile.objects.update(content=b"other")
    withdraw_appeal(made, by=made.filed_by)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Appeal.objects.filter(pk=made.pk).update(settled_at=None, withdrawn_by=None)


def test_no_result_is_final_while_an_appeal_waits(appealed):
    made = appeal(appealed)
    over(appealed)
    asked = propose_move(appealed, S.FINAL, by=organizer("ahn"), reason="As agreed.")
    bae = organizer("bae")
    with pytest.raises(CannotMove, match=r"appeals wait for a ruling: 1 \(Team Dogwood\)"):
        confirm_move(asked, by=bae)
    withdraw_appeal(made, by=made.filed_by)
    confirm_move(asked, by=bae)
    appealed.refresh_from_db()
    assert appealed.state == S.FINAL


def test_an_appeal_at_the_deadline_is_before_the_final_result_or_refused(appealed):
    """Whichever comes first: an appeal that was taken waits, and then the result is not final."""
    ahn, bae = organizer("ahn"), organizer("bae")
    owner_of("dogwood")
    asked = propose_move(appealed, S.FINAL, by=ahn, reason="As agreed.")
    over(appealed, -timedelta(milliseconds=30))
    together, said = threading.Barrier(2), {}

    def run(name, act):
        try:
            together.wait()
            with translation.override("en"):
                act()
                said[name] = "done"
        except (CannotAppeal, CannotMove) as why:
            said[name] = str(why)
        finally:
            connection.close()

    def declare():
        while True:
            try:
                return confirm_move(asked, by=bae)
            except CannotMove as why:
                if "appeals can still be made" not in str(why):
                    raise

    both = [threading.Thread(target=run, args=one) for one in (("team", lambda: appeal(appealed)), ("two", declare))]
    for one in both:
        one.start()
    for one in both:
        one.join()
    appealed.refresh_from_db()
    taken = Appeal.objects.exists()
    assert (said["team"] == "done") == taken == (appealed.state == S.APPEAL) == (said["two"] != "done"), said
