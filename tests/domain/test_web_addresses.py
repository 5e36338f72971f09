import ipaddress

import pytest

from domain.errors import InvalidInput
from domain.web_addresses import is_public, literal, parse

PRIVATE = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.1.1.1", "172.16.0.1", "172.31.255.255"),
    *("192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1"),
    *("198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1"),
    *("255.255.255.255", "::", "::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "100::1"),
    *("2001:db8::1", "2001:0:53aa:64c:0:0:80ff:fffe", "64:ff9b:1::1", "5f00::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::"),
    *("2002:a00:1::1", "::127.0.0.1", "::ffff:0:127.0.0.1"),
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "172.32.0.1"]


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_of_the_public_internet_is_refused(text):
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_allowed(text):
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    ("url", "spelled"),
    [
        ("https://Example.COM/a?b=c#d", "https://example.com/a?b=c"),
        ("https://example.com.:443", "https://example.com/"),
        ("http://example.com:8080/x", "http://example.com:8080/x"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://[2606:4700::1111]:8080/", "http://[2606:4700::1111]:8080/"),
        ("http://１２７.0.0.1/", "http://127.0.0.1/"),
        ("http://127。0。0。1./", "http://127.0.0.1/"),
        ("http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
    ],
)
def test_a_url_has_one_spelling(url, spelled):
    assert parse(url).url == spelled


@pytest.mark.parametrize(
    "url",
    [
        *(
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "example.com",
            "//example.com",
        ),
        *("https:///x", "http://", "http://user@example.com/", "http://u:p@example.com/", "http://x\\@y/"),
        *(
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.1/",
        ),
        *("http://1.2.3.4.5/", "http://[fe80::1%25eth0]/", "http://[::1", "http://example.com:99999/"),
        *(
            "http://example.com:0/",
            "http://exa mple.com/",
            "http://example.com/a b",
            "http://example.com/\r\nX: y",
        ),
        *("http://-x.com/", "http://a..b/", f"http://example.com/{'x' * 2000}", "http://exam\x00ple.com/"),
        f"http://büüü.example/{'x' * 1978}",
    ],
)
def test_a_url_that_could_mean_something_else_is_refused(url):
    with pytest.raises(InvalidInput) as refused:
        parse(url)
    (problem,) = refused.value.problems
    assert problem.field == "url"


def test_a_literal_address_is_known_without_a_lookup():
    assert literal(parse("http://[::1]/").host) == ipaddress.ip_address("::1")
    assert literal("localhost") is None
