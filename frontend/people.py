"""The pages of people with an account: who they are here, and their teams."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.doors import account_required, signed_in
from accounts.second_factors import has_second_factor


@require_safe
@account_required
def account(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    return render(
        request,
        "frontend/account.html",
        {
            "person": user,
            "second_factor": has_second_factor(user),
            "memberships": user.memberships.select_related("team").order_by("team__name"),
        },
    )
