"""Letters by mail, in both languages: we do not know which one their reader speaks."""

import logging
from collections.abc import Mapping

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation

from frontend.signing_in import MAIL_TROUBLE

log = logging.getLogger(__name__)


def send_letter(name: str, about: Mapping[str, object], *, to: str) -> bool:
    """Send the letter of that name to one address. False where the mail server did not take it."""
    texts = {}
    for code in ("ko", "en"):
        with translation.override(code):
            texts[code] = (
                render_to_string(f"frontend/mail/{name}_subject.txt", dict(about)).strip(),
                render_to_string(f"frontend/mail/{name}.txt", dict(about)).strip(),
            )
    subject = " · ".join(subject for subject, _body in texts.values())
    body = "\n\n—\n\n".join(body for _subject, body in texts.values()) + "\n"
    try:
        EmailMessage(f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}{subject}", body, to=[to]).send()
    except MAIL_TROUBLE as why:
        log.error("mail could not be sent: %s", why)  # noqa: TRY400  whose server it is, is known
        return False
    return True
