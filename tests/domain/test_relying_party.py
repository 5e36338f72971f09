"""The site that passkeys are for."""

import pytest

from domain.relying_party import RelyingParty, relying_party


@pytest.mark.parametrize(
    ("public_url", "id", "origin"),
    [
        ("https://codes.example.org", "codes.example.org", "https://codes.example.org"),
        ("https://Codes.Example.org:443/", "codes.example.org", "https://codes.example.org"),
        ("https://codes.example.org:8443/x", "codes.example.org", "https://codes.example.org:8443"),
        ("http://localhost:5000", "localhost", "http://localhost:5000"),
        ("https://bücher.example", "xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_it_is_the_host_of_public_url(public_url: str, id: str, origin: str) -> None:
    assert relying_party(public_url) == RelyingParty(id, origin)


@pytest.mark.parametrize(
    "public_url",
    [
        *("", "codes.example.org", "http://codes.example.org", "https://192.0.2.1", "https://[2001:db8::1]"),
        *("http://127.0.0.1:5000", "https://", "https://codes.example.org:x", "ftp://codes.example.org"),
    ],
)
def test_without_a_name_and_https_there_is_none(public_url: str) -> None:
    assert relying_party(public_url) is None
