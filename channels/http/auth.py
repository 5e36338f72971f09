"""The table `auth`: basic authentication, a bearer token, OAuth's client credentials, or Amazon's signature."""

import re
from dataclasses import dataclass, field

from channels.http.oauth import ClientCredentials
from channels.http.posting import Poster
from channels.http.request_template import HEADER_VALUE
from channels.options import Options
from channels.placeholders.digests import constant, one_of
from channels.placeholders.filling import Filling
from channels.placeholders.texts import Names
from channels.signatures.basic import basic
from channels.signatures.sigv4 import Signer
from domain.errors import ConfigurationError

TYPES = ("basic", "bearer", "oauth", "sigv4")
PLACES = ("header", "body")
SCOPE = re.compile(r"[A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Auth:
    """What is added to each request: headers that are always the same, a token, or a signature."""

    headers: dict[str, str] = field(default_factory=dict, repr=False)
    tokens: ClientCredentials | None = None
    signer: Signer | None = None


def read_auth(options: Options | None, names: Names[Filling]) -> Auth:
    """Read the table. Raises ConfigurationError."""
    if options is None:
        return Auth()
    auth = _auth(options, names)
    options.finish()
    return auth


def _auth(options: Options, names: Names[Filling]) -> Auth:
    kind = one_of(options, "type", TYPES)
    if kind == "basic":
        username, password = constant(options, "username", names), constant(options, "password", names, "")
        return Auth({"Authorization": basic(username, password)})
    if kind == "bearer":
        token = constant(options, "token", names)
        if not HEADER_VALUE.fullmatch(token):
            raise options.error("token", "can't be sent as a header")
        return Auth({"Authorization": f"Bearer {token}"})
    if kind == "oauth":
        return Auth(tokens=_oauth(options, names))
    return Auth(signer=_signer(options, names))


def _signer(options: Options, names: Names[Filling]) -> Signer:
    key_id, secret, region, service = (
        constant(options, key, names) for key in ("access_key_id", "secret_access_key", "region", "service")
    )
    if not all(SCOPE.fullmatch(part) for part in (key_id, region, service)):
        raise options.error("region", "access_key_id, region and service hold letters, digits and - only")
    return Signer(key_id, secret, region, service)


def _oauth(options: Options, names: Names[Filling]) -> ClientCredentials:
    more, token_url = options.table("more"), constant(options, "token_url", names)
    try:
        Poster(token_url)
    except ConfigurationError as error:
        raise options.error("token_url", str(error).removeprefix("url: ")) from None
    return ClientCredentials(
        token_url,
        client_id=constant(options, "client_id", names),
        client_secret=constant(options, "client_secret", names),
        scope=constant(options, "scope", names, ""),
        in_body=one_of(options, "credentials_in", PLACES, "header") == "body",
        more={name: constant(more, name, names, "") for name in more.keys} if more else {},
        ca_file=options.text("ca_file", "") or None,
    )
