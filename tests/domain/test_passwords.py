"""The rules for passwords."""

import pytest

from domain.errors import WeakPassword
from domain.passwords import check_password, one_time_password

NAMES = ["jane.doe@example.org", "Sendcode"]


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "x" * 257,
        "aaaaaaaaaaaaaaaa",
        "abababababab",
        "123456789012",
        "098765432109",
        "qwertyuiopas",
        "Password1234",
        "!Password!2024!",
        "administrator",
        "jane.doe@example.org",
        "jane.doe2024!",
        "Sendcode2024",
        "2024-sendcode!",
    ],
)
def test_a_password_that_is_short_or_easily_guessed_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword) as caught:
        check_password(password, names=NAMES)
    assert caught.value.problems[0].field == "password"


@pytest.mark.parametrize(
    "password",
    [
        "seven purple otters",
        "alllowercaseletters",
        "我的密码是一只紫色的小水獭啊",
        "8174 2093 5561 0937",
        "x7" * 3 + "k2 longer than the rest" * 5,
        "I sendcode to seven otters",
    ],
)
def test_a_good_password_needs_only_length(password: str) -> None:
    assert check_password(password, names=NAMES) == password


def test_a_one_time_password_is_good_and_never_the_same() -> None:
    made = {one_time_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        check_password(password, names=NAMES)
