"""A team enters a worker of its own, where the rulebook lets it, and is told what the checks found."""

import pytest

from accounts.models import Action, Membership, Role, Team, User
from accounts.tokens import make_token
from inference.draining import in_service
from inference.models import Registration, Worker
from inference.tasks import check_all
from leaderboard.amending import amend_round
from tests.conftest import make_contest

WORKERS = "/api/v1/team/workers"


@pytest.fixture
def ask(transactional_db, worker, client, settings):
    """Asks with a token of Team Alder, whose rulebook lets teams host."""
    settings.WORKER_PACE_SECONDS = 0.3
    worker.app.delay = 0.01
    make_contest(worker, 2, hosting="teams", pace=20)
    team = Team.objects.get(slug="team-alder")
    by = User.objects.create_user("olga")
    Membership.objects.create(team=team, user=by, role=Role.OWNER)
    _, secret = make_token(team, name="watch", workers=True, by=by)
    headers = {"Authorization": f"Bearer {secret}", "Accept-Language": "en"}

    def request(path="", body=None):
        if path == "" and body is None:
            return client.get(WORKERS, headers=headers)
        return client.post(WORKERS + path, body or {}, content_type="application/json", headers=headers)

    return request


def entered(worker, **other):
    return {"entry": "alder", "url": f"{worker.url}/v1", "served_name": "standin", "slots": 2, "key": "sk-1", **other}


def test_a_team_enters_a_worker_which_answers_once_it_was_checked(ask, worker):
    Worker.objects.filter(entry__slug="alder").delete()
    answer = ask("", entered(worker, weights_digest="a" * 64))
    assert answer.status_code == 201
    told = answer.json()
    assert (told["weights_digest"], told["chat_template_digest"]) == ("a" * 64, "")
    assert (told["url"], told["refused_because"], told["checking"]) == (worker.url, "unchecked", "waiting")
    assert not in_service(Worker.objects.filter(entry__slug="alder")).exists()
    assert "sk-1" not in answer.content.decode()
    assert Registration.objects.get().wanted_pace == 20
    check_all()
    mine = ask().json()["workers"][0]
    assert (mine["registered"], mine["reason"], mine["checking"], mine["drift"]) == (True, "", None, [])
    assert [one["passed"] for one in mine["checks"]] == [True] * 8
    assert "characters a second with 2 at once" in mine["checks"][5]["found"]
    assert Action.objects.filter(action="worker.entered").get().details == {"url": worker.url, "token": "watch"}
    # The same address again: asked otherwise, with the key that it has, and checked anew.
    ask(f"/{told['id']}/drain")
    again = ask("", entered(worker, served_name="another", key=None)).json()
    assert (again["id"], again["state"], again["refused_because"]) == (told["id"], "in_service", "unchecked")
    assert Worker.objects.get(pk=told["id"]).key == "sk-1"
    check_all()
    assert ask().json()["workers"][0]["reason"] == "It serves no model of this name, but: standin."


def test_what_watches_over_a_worker_takes_it_out_and_lets_it_back_in(ask, worker):
    mine = Worker.objects.get(entry__slug="alder")
    told = ask(f"/{mine.pk}/heartbeat", {"state": "restarting", "metrics": {"running": 2}}).json()
    assert told["healthy"] is False
    assert ask(f"/{mine.pk}/heartbeat", {"metrics": {"running": 0}}).json()["healthy"] is True
    for wrong in ({"state": "well"}, {"metrics": {"running": "x"}}, {"metrics": dict.fromkeys(map(str, range(41)), 1)}):
        assert ask(f"/{mine.pk}/heartbeat", wrong).status_code == 400
    other = Worker.objects.get(entry__slug="birch")
    assert ask(f"/{other.pk}/heartbeat", {}).json()["code"] == "no_such_worker"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"url": "http://169.254.169.254/"}, "bad_worker"),
        ({"slots": 0}, "bad_worker"),
        ({"served_name": " "}, "bad_worker"),
        ({"key": "비밀"}, "bad_worker"),
        ({"weights_digest": "a"}, "bad_worker"),
        ({"entry": "birch"}, "no_such_entry"),
        ({"slots": "many"}, "bad_request"),
    ],
)
def test_what_cannot_be_a_worker_of_the_team_is_refused(ask, worker, wrong, code):
    assert ask("", entered(worker, **wrong)).json()["code"] == code
    assert Worker.objects.count() == 2


def test_where_only_organizers_host_a_team_enters_none(ask, worker):
    from leaderboard.models import Round  # noqa: PLC0415  beside what it tells

    amend_round(Round.objects.get(), {"hosting": "organizers"}, reason="Servers are ours from now on.")
    answer = ask("", entered(worker))
    assert (answer.status_code, answer.json()["code"]) == (403, "teams_do_not_host")
