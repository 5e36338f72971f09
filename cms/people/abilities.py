"""What each role may do, as the views themselves demand it."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext

from cms.access.guard import needed_role
from domain.roles import Role

ROLES = (Role.VIEWER, Role.OPERATOR, Role.OWNER)
EXAMPLES = (
    (lazy_gettext("see messages, codes, figures, templates and settings"), "cms.home", "GET"),
    (lazy_gettext("see destinations in full, export lists"), "cms.export_messages", "POST"),
    (lazy_gettext("send, send again and cancel messages and broadcasts"), "cms.send_message", "POST"),
    (lazy_gettext("write and publish templates, change the brand"), "cms.publish_template", "POST"),
    (lazy_gettext("switch, weigh and test gateways"), "cms.switch_gateway_off", "POST"),
    (lazy_gettext("open prefixes, edit the safe and the suppression list"), "cms.open_prefix", "POST"),
    (lazy_gettext("edit schedules"), "cms.add_schedule", "POST"),
    (lazy_gettext("read the audit"), "cms.audit", "GET"),
    (lazy_gettext("add and remove gateways, set fallbacks"), "cms.add_gateway", "POST"),
    (lazy_gettext("manage API keys, webhooks, hooks and test numbers"), "cms.add_key", "POST"),
    (lazy_gettext("invite people, change roles, end sessions"), "cms.invite", "POST"),
)
"""Each with a view that stands for it."""


@dataclass(frozen=True, slots=True)
class Ability:
    """One thing to do, and for each of ROLES whether it may."""

    label: Any
    may: tuple[bool, ...]


def everything() -> list[Ability]:
    """Return what there is to do, from what everybody may to what owners may."""
    return [
        Ability(label, tuple(role.covers(needed_role(endpoint, method) or Role.OWNER) for role in ROLES))
        for label, endpoint, method in EXAMPLES
    ]
