"""The routes of one subject behind a key: authentication, scope, rate limit and idempotency."""

import logging
import re
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, g, request

from api import openapi
from api.idempotent import begin, finish, forget
from domain import networks
from domain.errors import AddressNotAllowed, NotAllowed, NotAuthenticated, NotFound
from domain.owners import Owner
from services.keys import key_owners
from services.keys.key_owners import KeyOwner, Scope
from services.limits.rate_windows import RateWindows
from services.process.parts import part
from services.request_log import answers
from services.storage.waits import take_time

log = logging.getLogger(__name__)
ID = re.compile(r"[0-9a-f]{32}")
PROBLEMS = (400, 401, 403, 409, 413, 415, 422, 429, 500, 503)
PROBLEMS_OF_GET = (401, 403, 429, 500, 503)


class Subject(openapi.Blueprint):
    """A blueprint of `/api/v1` whose calls need a key with the subject's scope; for a GET, `read` is enough."""

    def __init__(
        self,
        name: str,
        import_name: str,
        *,
        scope: Scope,
        path: str | None = None,
        longest_body: int | None = None,
        takes_time: bool = False,
        **options: Any,
    ):
        """`path`: below `/api/v1/`, where it is not the name.

        `longest_body`: in bytes, for a subject that needs more than the 64 KiB of the others.

        `takes_time`: whether its statements may run for longer than a click, as lists and figures do.
        """
        super().__init__(name, import_name, url_prefix=f"/api/v1/{path or name}", **options)
        self._scope = scope
        self._longest_body, self._takes_time = longest_body, takes_time
        self._prepare_doc_cbks.append(_document)
        self.before_request(answers.begin)
        self.before_request(self._guard)
        self.before_request(begin)
        self.after_request(answers.note)
        self.after_request(finish)
        self.teardown_request(forget)

    def register(self, app: Flask, options: dict[str, Any]) -> None:
        """Bind to `app`, and tell its servers how long a body may be."""
        super().register(app, options)
        if self._longest_body:
            app.config["LONGER_BODIES"][self.url_prefix] = self._longest_body

    def location(self, thing_id: str) -> dict[str, str]:
        """Return the `Location` header of one of the subject's resources."""
        return {"Location": f"{request.script_root}{self.url_prefix}/{thing_id}"}

    def _guard(self) -> Response | None:
        caller = _authenticate()
        g.longest_body = self._longest_body
        if self._takes_time or request.method == "GET":
            take_time()
        sufficient = {self._scope, Scope.READ} if request.method in ("GET", "HEAD") else {self._scope}
        if not sufficient & caller.scopes:
            raise NotAllowed("the key does not have the scope for this call")
        most = current_app.config["KEY_REQUESTS_PER_MINUTE"]
        part(RateWindows).hit("key_requests_per_minute", caller.id, most, 60)
        if not all(ID.fullmatch(value) for value in (request.view_args or {}).values()):
            raise NotFound("there is no such thing")
        return None


def owner() -> Owner:
    """Return the owner of what the current call creates and may see."""
    caller: KeyOwner = g.caller
    return Owner(f"key:{caller.id}", caller.is_test)


def needs(scope: Scope) -> None:
    """Raise NotAllowed where the caller's key lacks a scope that only some bodies of a call need."""
    if scope not in g.caller.scopes:
        raise NotAllowed(f"the key does not have the scope {scope}")


def _authenticate() -> KeyOwner:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    caller = key_owners.authenticate(key.strip()) if scheme.lower() == "bearer" else None
    if caller is None:
        raise NotAuthenticated("a valid API key is needed: Authorization: Bearer <key>")
    g.caller = caller
    if caller.networks:
        _admit(caller)
    return caller


def _admit(caller: KeyOwner) -> None:
    """Raise AddressNotAllowed where the client's address, behind trusted proxies, is not on the key's list."""
    try:
        networks.admit(caller.networks, request.remote_addr)
    except AddressNotAllowed as error:
        log.warning("API key %s was used from %s and refused", caller.id, error.address)
        raise


def _document(doc: dict[str, Any], _: dict[str, Any], *, method: str, **__: Any) -> dict[str, Any]:
    """Add to a call's documentation what the guard requires and answers."""
    doc["security"] = [{"key": []}]
    if method == "post":
        doc.setdefault("parameters", []).append("IdempotencyKey")
    for status in PROBLEMS if method == "post" else PROBLEMS_OF_GET:
        doc["responses"].setdefault(status, HTTPStatus(status).name)
    return doc
