from django.urls import include, path
from django.views.i18n import set_language

from frontend import allegations, appeals, eligibility, entries, log, people, scores, timeline, tokens, views
from frontend.console import allegations as console_allegations
from frontend.console import amendments, drafts, field, files, home, incidents, rounds
from frontend.console import appeals as hearing
from frontend.console import eligibility as judging
from frontend.console import scores as console_scores

urlpatterns = [
    path("", views.arena, name="arena"),
    path("board", views.board_page, name="board"),
    path("entries/<slug:slug>", entries.entry_page, name="entry"),
    path("rounds/<round_key:key>", timeline.round_page, name="round"),
    path("rounds/<round_key:key>/appeals", appeals.round_appeals, name="appeals"),
    path("rounds/<round_key:key>/exposure", views.exposure_page, name="exposure"),
    path("rounds/<round_key:key>/figures", views.figures_page, name="figures"),
    path("rounds/<round_key:key>/rules", views.rules_page, name="rules"),
    path("rounds/<round_key:key>/scores", scores.scores_page, name="scores"),
    path("rounds/<round_key:key>/eligibility", eligibility.eligibility_page, name="eligibility"),
    path("log", log.log_page, name="log"),
    path("about", views.about, name="about"),
    path("privacy", views.privacy, name="privacy"),
    path("accounts/", people.account, name="account"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("invitations/<str:token>", people.invitation, name="invitation"),
    path("team/<slug:slug>/tokens", tokens.tokens, name="tokens"),
    path("team/<slug:slug>/tokens/make", tokens.make, name="make_token"),
    path("team/<slug:slug>/tokens/<int:number>/revoke", tokens.revoke, name="revoke_token"),
    path("team/<slug:slug>/appeals", appeals.team_appeals, name="team_appeals"),
    path("team/<slug:slug>/appeals/<round_key:key>/<int:number>/withdraw", appeals.withdraw, name="withdraw_appeal"),
    path(
        "team/<slug:slug>/appeals/<round_key:key>/<int:number>/files/<int:place>",
        appeals.download,
        name="appeal_file",
    ),
    path("team/<slug:slug>/members", people.members, name="members"),
    path("team/<slug:slug>/members/invite", people.invite_member, name="invite_member"),
    path(
        "team/<slug:slug>/members/invitations/<int:number>/withdraw",
        people.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("team/<slug:slug>/members/leave", people.leave, name="leave_team"),
    path("team/<slug:slug>/members/<str:name>/role", people.change_member, name="change_member"),
    path("team/<slug:slug>/members/<str:name>/remove", people.remove_member, name="remove_member"),
    path("team/<slug:slug>/allegations", allegations.allegations, name="allegations"),
    path("team/<slug:slug>/allegations/raise", allegations.allege, name="allege"),
    path("team/<slug:slug>/allegations/<int:number>/answer", allegations.answer, name="rebut"),
    path("team/<slug:slug>/allegations/<int:number>/withdraw", allegations.take_back, name="withdraw_allegation"),
    path("console/", home.home, name="console"),
    path("console/entries", home.entries, name="console_entries"),
    path("console/log", home.log, name="console_log"),
    path("console/rounds/new", drafts.new, name="console_new"),
    path("console/rounds/<round_key:key>", rounds.round_page, name="console_round"),
    path("console/rounds/<round_key:key>/draft", drafts.edit, name="console_edit"),
    path("console/rounds/<round_key:key>/amend", amendments.amend, name="console_amend"),
    path("console/rounds/<round_key:key>/to/<str:state>", rounds.step, name="console_step"),
    path("console/rounds/<round_key:key>/admit", field.admit, name="console_admit"),
    path("console/rounds/<round_key:key>/entries/<slug:slug>/<str:state>", field.change, name="console_part"),
    path("console/rounds/<round_key:key>/appeals", hearing.appeals, name="console_appeals"),
    path("console/rounds/<round_key:key>/appeals/<int:number>", hearing.appeal, name="console_appeal"),
    path("console/rounds/<round_key:key>/appeals/<int:number>/confirm", hearing.confirm, name="console_confirm_ruling"),
    path("console/rounds/<round_key:key>/scores", console_scores.scores, name="console_scores"),
    path("console/rounds/<round_key:key>/scores/<slug:component>", console_scores.marks, name="console_marks"),
    path(
        "console/rounds/<round_key:key>/scores/<slug:component>/judge", console_scores.name_judge, name="console_judge"
    ),
    path(
        "console/rounds/<round_key:key>/scores/<slug:component>/conflict",
        console_scores.conflict,
        name="console_conflict",
    ),
    path("console/rounds/<round_key:key>/confirm", rounds.confirm, name="console_confirm"),
    path("console/rounds/<round_key:key>/withdraw", rounds.withdraw, name="console_withdraw"),
    path("console/rounds/<round_key:key>/board", home.live_board, name="console_board"),
    path("console/rounds/<round_key:key>/eligibility", judging.overview, name="console_eligibility"),
    path("console/rounds/<round_key:key>/eligibility/<slug:slug>/<str:axis>", judging.judge, name="console_judge"),
    path(
        "console/rounds/<round_key:key>/eligibility/<slug:slug>/<str:axis>/confirm",
        judging.confirm,
        name="console_confirm_verdict",
    ),
    path(
        "console/rounds/<round_key:key>/eligibility/<slug:slug>/<str:axis>/withdraw",
        judging.withdraw,
        name="console_withdraw_verdict",
    ),
    path("console/rounds/<round_key:key>/allege", console_allegations.enter, name="console_allege"),
    path("console/allegations/<int:number>/<str:to>", console_allegations.change, name="console_allegation"),
    path("console/incidents/new", incidents.report, name="console_incident"),
    path("console/exports", files.exports, name="console_exports"),
    path("console/exports/ask", files.ask, name="console_ask_export"),
    path("console/exports/progress", files.progress, name="console_export_progress"),
    path("console/exports/<int:number>/<str:name>", files.download, name="console_download"),
    path("i18n/setlang", set_language, name="set_language"),
]
