"""One file a protocol: its credential, its fields, its answers."""

from collections.abc import Mapping
from types import MappingProxyType

from domain.hooks import HookType
from hooks.senders.alertmanager import Alertmanager
from hooks.senders.auth0 import Auth0
from hooks.senders.authentik import Authentik
from hooks.senders.authgear import Authgear
from hooks.senders.base import Sender
from hooks.senders.casdoor import Casdoor
from hooks.senders.generic import Generic
from hooks.senders.keycloak import Keycloak
from hooks.senders.kratos import Kratos
from hooks.senders.logto import Logto
from hooks.senders.supabase import Supabase
from hooks.senders.zitadel import Zitadel

SENDERS: Mapping[HookType, Sender] = MappingProxyType(
    {
        HookType.SUPABASE: Supabase(),
        HookType.KRATOS: Kratos(),
        HookType.LOGTO: Logto(),
        HookType.ZITADEL: Zitadel(),
        HookType.AUTHENTIK: Authentik(),
        HookType.KEYCLOAK: Keycloak(),
        HookType.AUTHGEAR: Authgear(),
        HookType.AUTH0: Auth0(),
        HookType.CASDOOR: Casdoor(),
        HookType.GENERIC: Generic(),
        HookType.ALERTMANAGER: Alertmanager(),
    }
)
