from django.urls import include, path
from django.views.i18n import set_language

from frontend import people, timeline, views
from frontend.console import amendments, drafts, field, files, home, rounds

urlpatterns = [
    path("", views.arena, name="arena"),
    path("board", views.board_page, name="board"),
    path("entries/<slug:slug>", views.entry_page, name="entry"),
    path("rounds/<round_key:key>", timeline.round_page, name="round"),
    path("rounds/<round_key:key>/exposure", views.exposure_page, name="exposure"),
    path("rounds/<round_key:key>/figures", views.figures_page, name="figures"),
    path("rounds/<round_key:key>/rules", views.rules_page, name="rules"),
    path("about", views.about, name="about"),
    path("privacy", views.privacy, name="privacy"),
    path("accounts/", people.account, name="account"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("invitations/<str:token>", people.invitation, name="invitation"),
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
    path("console/rounds/<round_key:key>/confirm", rounds.confirm, name="console_confirm"),
    path("console/rounds/<round_key:key>/withdraw", rounds.withdraw, name="console_withdraw"),
    path("console/rounds/<round_key:key>/board", home.live_board, name="console_board"),
    path("console/exports", files.exports, name="console_exports"),
    path("console/exports/ask", files.ask, name="console_ask_export"),
    path("console/exports/progress", files.progress, name="console_export_progress"),
    path("console/exports/<int:number>/<str:name>", files.download, name="console_download"),
    path("i18n/setlang", set_language, name="set_language"),
]
