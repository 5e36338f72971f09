"""The field for a code."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class CodeField(forms.CharField):
    """A code as people type or paste it. The phone offers it from the SMS (`one-time-code`) and shows its digits."""

    def __init__(self, **options: Any) -> None:
        attributes = {"autocomplete": "one-time-code", "inputmode": "numeric", "autocapitalize": "characters"}
        options.setdefault("label", _("Code"))
        options.setdefault("max_length", 100)
        options.setdefault("widget", forms.TextInput(attrs=attributes))
        super().__init__(**options)

    def to_python(self, value: Any) -> Any:
        """Drop spaces and dashes; the service understands more, and says what is no code."""
        text = super().to_python(value)
        return "".join(one for one in text if not one.isspace() and one != "-") if text else text


class CodeForm(forms.Form):
    """A form with a code and nothing else."""

    code = CodeField()
