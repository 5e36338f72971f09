"""The brand of mails from Markdown: its page, and the logo at the address that mails name."""

from typing import Any

from flask import Blueprint, Flask, Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.frame.navigation import language
from cms.templating import mail_frames
from domain.brand import LONGEST_FOOTER, Brand, Logo
from domain.errors import InvalidInput, NotFound
from domain.roles import Role
from services.templating.mails import brands
from services.templating.mails.pages import LOGOS, Frame
from services.templating.text_sources import Source

YEAR = "public, max-age=31536000, immutable"
blueprint = Blueprint("brand", __name__, url_prefix=LOGOS.rstrip("/"))


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    app.register_blueprint(blueprint)
    app.context_processor(lambda: {"own_logo": own_logo})


def own_logo() -> Logo | None:
    """Return the logo of the installation, for pages that need no sign-in."""
    return brands.shown().logo


@blueprint.get("/<name>.png")
def logo(name: str) -> Response:
    """Return a logo to mail programs, which sign in nowhere."""
    try:
        content = brands.picture(name)
    except NotFound:
        return Response(status=404, mimetype="text/plain")
    response = Response(content, mimetype="image/png")
    response.headers["Cache-Control"] = YEAR
    return response


@console.get("/brand")
def brand() -> str:
    """Show the brand with a mail that has it."""
    return _page(brands.current(), {}, {})


@console.post("/brand")
@needs(Role.OPERATOR)
def save_brand() -> Answer:
    """Change the brand."""
    file = request.files.get("logo")
    picture = file.read(brands.LONGEST_LOGO + 1) if file else b""
    try:
        brands.change(
            request.form.get("colour", ""),
            request.form.get("footer", ""),
            picture=picture or None,
            keeps_logo="no_logo" not in request.form,
            by=actor(),
        )
    except InvalidInput as error:
        errors = {problem.field: _texts()[problem.field] for problem in error.problems}
        return _page(brands.current(), request.form, errors), 422
    flash(_("Saved. Mails have the new look within seconds."), "success")
    return redirect(url_for("cms.brand"), 303)


@console.get("/brand/mail")
def brand_mail() -> Response:
    """Give a mail with the brand, for the frame that shows it."""
    frame = Frame(brands.current(), language(), current_app.config["PUBLIC_URL"])
    said = Source(_sample(), "-", is_markdown=True).version().render(_values(), frame)
    return mail_frames.answer(said.html, request.args.get("scheme", ""))


def _page(found: Brand, typed: Any, errors: dict[str, str]) -> str:
    return render_template(
        "cms/templating/brand.html",
        has_logo=found.logo is not None,
        colour=typed.get("colour", found.colour),
        footer=typed.get("footer", found.footer),
        errors=errors,
        longest=LONGEST_FOOTER,
        is_reachable=bool(current_app.config["PUBLIC_URL"]),
    )


def _texts() -> dict[str, str]:
    return {
        "colour": _("Enter a colour such as #2459c9."),
        "footer": _("This is too long: at most %(most)s characters. Shorten it.", most=LONGEST_FOOTER),
        "logo": _("Choose a PNG file of at most %(most)s kB.", most=brands.LONGEST_LOGO // 1000),
    }


def _sample() -> str:
    heading, button = _("A heading"), _("A button")
    words = _("This is how mails from Markdown look, with [a link](https://example.org) and a code:")
    return f"# {heading}\n\n{words}\n\n`{{{{ code }}}}`\n\n**[{button}](https://example.org)**"


def _values() -> dict[str, str]:
    return {"code": "012345", "service": current_app.config["SERVICE_NAME"]}
