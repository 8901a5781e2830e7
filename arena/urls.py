from django.urls import path

from arena import views

urlpatterns = [
    path("battles", views.battles, name="battles"),
    path("battles/<uuid:battle_id>", views.battle, name="battle"),
    path("battles/<uuid:battle_id>/vote", views.vote, name="vote"),
    path("battles/<uuid:battle_id>/report", views.report, name="report"),
    path("visitor", views.visitor, name="visitor"),
    path("visitor/erase", views.erase, name="erase"),
]
