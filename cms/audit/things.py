"""Where the pages are of the things that the audit names."""

from collections.abc import Mapping

from flask import url_for

from cms.access.guard import may
from domain.actions import Action
from services.audit.trail import EntryView
from services.scheduling import schedule_views

BY_ID = {
    "key": ("cms.api_key", "key_id"),
    "gateway": ("cms.gateway", "name"),
    "message": ("cms.message", "message_id"),
    "broadcast": ("cms.broadcast", "broadcast_id"),
    "verification": ("cms.verification", "verification_id"),
    "webhook": ("cms.webhook", "webhook_id"),
    "hook": ("cms.hook", "hook_id"),
    "administrator": ("cms.administrator", "number"),
    "account": ("cms.administrator", "number"),
}
"""The page of a thing, and what names it there."""
OF_ALL = {
    "brand": "cms.brand",
    "fallback": "cms.fallback",
    "guard": "cms.pumping",
    "suppression": "cms.suppressions",
    "test_number": "cms.test_numbers",
}
"""Things that have one page in common."""
GONE = {
    Action.SCHEDULE_REMOVED,
    Action.GATEWAY_REMOVED,
    Action.WEBHOOK_REMOVED,
    Action.HOOK_REMOVED,
    Action.TEMPLATE_NAMED,
}
"""Changes after which there is no page: a template's name is that of several texts."""


class Things:
    """The pages of things for one page of the audit; `emails` are those of the administrators, by id."""

    def __init__(self, emails: Mapping[str, str]):
        self._emails = emails
        self._schedules: Mapping[str, int] | None = None

    def address_of(self, entry: EntryView) -> str | None:
        """Return the address of the thing's page; None where there is none, or none that the reader may see."""
        about, _, _ = entry.action.partition(".")
        if entry.action in GONE:
            return None
        if about == "schedule":
            number = self._numbers().get(entry.subject)
            return url_for("cms.schedule", number=number) if number else None
        if about == "template":
            return url_for("cms.template", key=entry.subject)
        endpoint, name = BY_ID.get(about, (OF_ALL.get(about), None))
        if endpoint is None or not may(endpoint):
            return None
        if name is None:
            return url_for(endpoint)
        is_known = entry.subject_id and (name != "number" or entry.subject_id in self._emails)
        return url_for(endpoint, **{name: entry.subject_id}) if is_known else None

    def _numbers(self) -> Mapping[str, int]:
        if self._schedules is None:
            self._schedules = schedule_views.numbers()
        return self._schedules
