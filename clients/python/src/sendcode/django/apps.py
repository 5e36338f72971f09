"""The app, and a check of its settings."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks


class SendcodeConfig(AppConfig):
    """`sendcode.django`"""

    name = "sendcode.django"
    label = "sendcode"
    verbose_name = "Sendcode"

    def ready(self) -> None:
        """Have `manage.py check` look at the settings."""
        checks.register(settings_are_there)


def settings_are_there(app_configs: Any, **options: Any) -> list[Any]:
    """Report the settings that are missing."""
    return [
        checks.Error(f"{name} is not set.", id=f"sendcode.E{number:03}")
        for number, name in enumerate(("SENDCODE_URL", "SENDCODE_KEY"), 1)
        if not getattr(settings, name, None)
    ]
