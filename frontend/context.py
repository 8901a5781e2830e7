"""What every page knows: its language, the other languages, and what this installation is not."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import get_language_info

from frontend.words import DEMO_BANNERS


def site(request: HttpRequest) -> dict[str, Any]:
    here = translation.get_language() or settings.LANGUAGE_CODE
    return {
        "demo_banner": DEMO_BANNERS.get(settings.DEMO),
        "language": here,
        "other_languages": [get_language_info(code) for code, _ in settings.LANGUAGES if code != here],
        "path": request.get_full_path(),
    }
