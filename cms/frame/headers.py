"""Headers that every page carries."""

from flask import Flask, Response, current_app

POLICY = "default-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
PAGE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
HSTS = "max-age=31536000"


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    app.after_request(add)


def add(response: Response) -> Response:
    """Add the headers that the response does not set itself; style sheets and images need only the first."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if response.mimetype == "text/html":
        for name, value in PAGE.items():
            response.headers.setdefault(name, value)
    if current_app.config["PUBLIC_URL"].startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    return response
