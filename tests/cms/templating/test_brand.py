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


def test_the_sign_in_page_has_the_logo_and_says_what_it_is_for(app, signed_in, newcomer):
    save(signed_in, png())
    with app.app_context():
        name, service = brands.current().logo.name, app.config["SERVICE_NAME"]
    page = newcomer().get("/cms/login").text
    assert f'src="/brand/{name}.png" alt="{service}"' in page
    assert "logo.svg" not in page
    assert "Console for verification codes and notices" in page


def test_an_error_page_asks_for_no_logo(app, signed_in, newcomer, monkeypatch):
    save(signed_in, png())
    monkeypatch.setattr(brands, "shown", lambda: pytest.fail("the database may be away"))
    assert "logo.svg" in newcomer().get("/cms/nowhere").text


def test_without_a_logo_the_sign_in_page_has_the_name_of_the_service(app, newcomer):
    page = newcomer().get("/cms/login").text
    assert f"<span>{app.config['SERVICE_NAME']}</span>" in page
    assert "logo.svg" in page
