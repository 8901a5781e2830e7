"""Somebody with an account, as a browser without scripts is: forms are read from pages and posted back."""

import itertools
import re
import time
from typing import Any

from django.test import Client

PASSWORD = "wide-river-under-birches"


class Person:
    def __init__(self, name: str, language: str = "en") -> None:
        self.name = name
        self.client = Client(enforce_csrf_checks=True, headers={"Accept-Language": language, "Accept": "text/html"})
        self.secret = ""
        self.steps = itertools.cycle([0, 1, -1])  # a code is taken once

    def get(self, path: str, **query: str) -> Any:
        return self.client.get(path, query or None, follow=True)

    def post(self, path: str, data: dict[str, Any] | None = None, *, shown_at: str = "", **options: Any) -> Any:
        """Post what a form of the page asks for, with the token that stands in it."""
        page = self.client.get(shown_at or path, follow=True).content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token, page
        return self.client.post(path, {"csrfmiddlewaretoken": token[1], **(data or {})}, follow=True, **options)

    def sign_in(self, password: str = PASSWORD, **options: Any) -> Any:
        answer = self.post("/accounts/login/", {"login": self.name, "password": password}, **options)
        return (
            self.post("/accounts/2fa/authenticate/", {"code": self.code()}) if self.asked_for_code(answer) else answer
        )

    def asked_for_code(self, answer: Any) -> bool:
        return answer.request["PATH_INFO"] == "/accounts/2fa/authenticate/" and bool(self.secret)

    def set_up_second_factor(self) -> Any:
        """With the password once more where it is wanted; then by a code. The page of recovery codes comes back."""
        page = self.get("/accounts/2fa/totp/activate/")
        if page.request["PATH_INFO"] == "/accounts/reauthenticate/":
            page = self.post(
                "/accounts/reauthenticate/", {"password": PASSWORD, "next": "/accounts/2fa/totp/activate/"}
            )
        html = page.content.decode()
        self.secret = re.search(r"data-secret>(\w+)<", html)[1]  # type: ignore[index]
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', html)[1]  # type: ignore[index]
        data = {"csrfmiddlewaretoken": token, "code": self.code()}
        return self.client.post("/accounts/2fa/totp/activate/", data, follow=True)

    def code(self) -> str:
        from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value  # noqa: PLC0415  a model behind it

        return format_hotp_value(hotp_value(self.secret, int(time.time()) // 30 + next(self.steps)))
