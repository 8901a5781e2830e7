"""How allauth signs people in here: nobody registers by themselves, and the client's address is ours to know."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.ratelimit import truncate_ip
from django.http import HttpRequest

from accounts.models import User
from arena.limits import code_of
from arena.refusals import MailAway
from arena.visitors import address

log = logging.getLogger(__name__)

MAIL_TROUBLE = (SMTPException, OSError)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """What stands for the client where tries are counted: nobody can read the address from it."""
        return code_of(truncate_ip(address(request)))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        try:
            super().send_mail(template_prefix, email, context)
        except MAIL_TROUBLE as why:
            log.error("mail could not be sent: %s", why)  # noqa: TRY400  whose server it is, is known
            raise MailAway from why

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """That a password or a second factor has changed. It has, whether or not the mail goes out; the log says so."""
        told = {"ip": address(self.request)} | (context or {})  # theirs to judge whether it was they
        try:
            super().send_notification_mail(template_prefix, user, told, email)
        except MailAway:
            log.error("nobody was told: %s", template_prefix)  # noqa: TRY400  the line before says why
