from django.apps import AppConfig
from django.core.checks import register


class SiteConfig(AppConfig):
    """The site as a whole: what its operator set, and whether it is well."""

    name = "config"

    def ready(self) -> None:
        from config.checks import check_production, check_settings  # noqa: PLC0415  reads limits of the other apps

        register(check_settings)
        register(check_production, deploy=True)
