"""The names of servers, and the errors of a hook's form."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from domain.errors import InvalidInput
from domain.hooks import LEAST_SECRET, LONGEST_NAME, MOST_DESTINATIONS, HookType

NAMES: Mapping[HookType, Any] = {
    HookType.SUPABASE: "Supabase Auth",
    HookType.KRATOS: "Ory Kratos",
    HookType.LOGTO: "Logto",
    HookType.ZITADEL: "Zitadel",
    HookType.AUTHENTIK: "authentik",
    HookType.KEYCLOAK: "Keycloak",
    HookType.AUTHGEAR: "Authgear",
    HookType.AUTH0: "Auth0",
    HookType.CASDOOR: "Casdoor",
    HookType.GENERIC: lazy_gettext("Another server"),
    HookType.ALERTMANAGER: "Alertmanager, Grafana",
}


def errors_of(error: InvalidInput) -> dict[str, str]:
    """Return the error text for each wrong field of a hook."""
    texts = {
        "type": _("Choose one of the servers."),
        "name": _("Give it a name of up to %(length)s characters.", length=LONGEST_NAME),
        "channel": _("This server does not send by this channel."),
        "to": _(
            "Alerts need 1 to %(most)s destinations, one per line; other servers name theirs.",
            most=MOST_DESTINATIONS,
        ),
        "secret": _(
            "Paste the whole secret of the server, at least %(least)s characters.", least=LEAST_SECRET
        ),
    }
    return {problem.field: texts.get(problem.field, problem.message) for problem in error.problems}
