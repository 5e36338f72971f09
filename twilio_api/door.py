"""The routes of one of Twilio's products behind the credentials of a key: sign-in, scope, limit of the key."""

import logging
from typing import Any

from flask import Blueprint, Response, current_app, g, request

from domain import networks, twilio_sids
from domain.errors import AddressNotAllowed, NotAllowed, NotAuthenticated, NotFound
from domain.owners import Owner
from services.keys import twilio_tokens
from services.keys.key_owners import KeyOwner, Scope
from services.limits.rate_windows import RateWindows
from services.process.parts import part
from services.request_log import answers
from services.storage.waits import take_time
from twilio_api import errors
from twilio_api.errors import HEADERS, ROOT, Words

log = logging.getLogger(__name__)


class Door(Blueprint):
    """A blueprint below `/twilio` whose calls need Basic auth and the product's scope; for a GET, `read` is enough."""

    def __init__(self, name: str, import_name: str, *, prefix: str, scope: Scope, words: Words):
        super().__init__(f"twilio_{name}", import_name, url_prefix=f"{ROOT}{prefix}")
        self._scope = scope
        errors.answer_errors_of(self, words)
        self.url_value_preprocessor(_take_place)
        self.before_request(answers.begin)
        self.before_request(self._guard)
        self.after_request(answers.note)
        self.after_request(_add_headers)

    def _guard(self) -> None:
        caller = _authenticate()
        is_reading = request.method in ("GET", "HEAD")
        if is_reading:
            take_time()
        if not ({self._scope, Scope.READ} if is_reading else {self._scope}) & caller.scopes:
            raise NotAllowed("the key does not have the scope for this call")
        most = current_app.config["KEY_REQUESTS_PER_MINUTE"]
        part(RateWindows).hit("key_requests_per_minute", caller.id, most, 60)
        _check_place(caller)


def caller() -> KeyOwner:
    """Return whose call this is."""
    found: KeyOwner = g.caller
    return found


def owner() -> Owner:
    """Return the owner of what the current call creates and may see."""
    return Owner(f"key:{caller().id}", caller().is_test)


def account_sid() -> str:
    """Return the caller's account SID."""
    return twilio_tokens.account_sid(caller().id)


def service_sid() -> str:
    """Return the SID of the caller's one Verify service."""
    return twilio_tokens.service_sid(caller().id)


def url(path: str) -> str:
    """Return the whole address of a path below `/twilio`."""
    return f"{request.url_root.rstrip('/')}{ROOT}{path}"


def _authenticate() -> KeyOwner:
    given = request.authorization
    known = None
    if given is not None and given.type == "basic":
        known = twilio_tokens.authenticate(given.username or "", given.password or "")
    if known is None:
        raise NotAuthenticated
    g.caller = known
    if known.networks:
        try:
            networks.admit(known.networks, request.remote_addr)
        except AddressNotAllowed as error:
            log.warning("API key %s was used from %s and refused", known.id, error.address)
            raise
    return known


def _take_place(_: str | None, arguments: dict[str, Any] | None) -> None:
    """Keep the account and the service that the path names, so that views need not take them."""
    g.account = (arguments or {}).pop("account", None)
    g.service = (arguments or {}).pop("service", None)


def _check_place(caller: KeyOwner) -> None:
    """Raise where the path names another account, or a service that the caller does not have."""
    if g.account is not None and twilio_sids.read(twilio_sids.ACCOUNT, g.account) != caller.id:
        raise NotAuthenticated
    if g.service is not None and twilio_sids.read(twilio_sids.SERVICE, g.service) != caller.id:
        raise NotFound("no such service")


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
