import pytest

from domain.bound_codes import bind, host_of


def test_the_last_line_is_host_and_code_with_one_space():
    """The example in wicg.github.io/sms-one-time-codes, 3.1."""
    text = bind("747723 is your ExampleCo authentication code.\n", "example.com", "747723")
    assert text == "747723 is your ExampleCo authentication code.\n@example.com #747723"


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("example.com", "example.com"),
        (" Code.Example.COM ", "code.example.com"),
        ("https://example.com/sign-in?x=1", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("localhost", "localhost"),
    ],
)
def test_a_host_may_be_pasted_as_a_url(typed, host):
    assert host_of(typed) == host


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "https://",
        "example.com:8443",
        "user@example.com",
        "two hosts.com",
        "-a.com",
        "a..b",
        "a" * 64 + ".com",
        "[::1]",
    ],
)
def test_a_text_without_a_host_is_refused(typed):
    assert host_of(typed) == ""
