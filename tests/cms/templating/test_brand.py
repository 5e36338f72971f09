"""The page of the brand: changing it, and who gets the logo."""

import io

import pytest

from services.templating.mails import brands
from tests.services.templating.mails.test_brands import png


@pytest.fixture
def settings(settings):
    return {**settings, "PUBLIC_URL": "https://codes.example"}


def save(visitor, picture=None, **fields):
    file = {"logo": (io.BytesIO(picture), "logo.png")} if picture else {}
    return visitor.submit("/cms/brand", page="/cms/brand", colour="#aa3300", footer="Acme", **fields, **file)


def test_a_brand_is_saved_and_shown(app, signed_in, newcomer):
    assert save(signed_in, png()).location == "/cms/brand"
    page = signed_in.get("/cms/brand").text
    assert 'value="#aa3300"' in page
    assert ">Acme</textarea>" in page
    frame = signed_in.get("/cms/brand/mail?scheme=dark")
    with app.app_context():
        name = brands.current().logo.name
    assert f"https://codes.example/brand/{name}.png" in frame.text
    assert "img-src https://codes.example/brand/;" in frame.headers["Content-Security-Policy"]
    logo = newcomer().get(f"/brand/{name}.png")
    assert (logo.status_code, logo.data, logo.mimetype) == (200, png(), "image/png")
    assert "immutable" in logo.headers["Cache-Control"]
    assert logo.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in logo.headers


def test_the_logo_can_be_taken_away(app, signed_in):
    save(signed_in, png())
    save(signed_in, no_logo="1")
    with app.app_context():
        assert brands.current().logo is None


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(signed_in):
    answer = save(signed_in, b"<svg/>")
    assert answer.status_code == 422
    assert "Choose a PNG file of at most 48 kB." in answer.text
    assert ">Acme</textarea>" in answer.text


def test_a_name_of_no_logo_is_not_found(newcomer):
    assert newcomer().get("/brand/x.png").status_code == 404
