from django.urls import include, path
from django.views.i18n import set_language

from frontend import people, views

urlpatterns = [
    path("", views.arena, name="arena"),
    path("board", views.board_page, name="board"),
    path("entries/<slug:slug>", views.entry_page, name="entry"),
    path("rounds/<int:number>/exposure", views.exposure_page, name="exposure"),
    path("rounds/<int:number>/rules", views.rules_page, name="rules"),
    path("about", views.about, name="about"),
    path("privacy", views.privacy, name="privacy"),
    path("accounts/", people.account, name="account"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("i18n/setlang", set_language, name="set_language"),
]
