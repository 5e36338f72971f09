"""Administrators: added once, reset, disabled; passwords are stored only as hashes."""

import pytest

from domain.errors import Conflict, InvalidInput, LastOwner, NotFound, OwnAccount
from exts import db
from models import Administrator
from services.audit.trail import Actor
from services.people import administrators
from services.people.passwords import is_password

pytestmark = pytest.mark.usefixtures("context")
PASSWORD = "seven purple otters"


def stored() -> Administrator:
    return db.session.scalars(db.select(Administrator)).one()


@pytest.mark.usefixtures("real_passwords")
def test_add_without_a_password_makes_a_one_time_password_that_must_be_changed() -> None:
    administrator, password = administrators.add("Jane@Example.org", "owner")
    assert password
    assert administrator.must_change_password
    assert administrator.email == "Jane@example.org"
    assert password not in stored().password_hash
    assert stored().password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert is_password(stored().password_hash, password)


def test_add_with_a_password_keeps_it() -> None:
    administrator, made = administrators.add("jane@example.org", "viewer", PASSWORD)
    assert made is None
    assert not administrator.must_change_password
    assert is_password(stored().password_hash, PASSWORD)


@pytest.mark.parametrize("email", ["jane@example.org", "JANE@EXAMPLE.ORG", " jane@example.org "])
def test_an_address_belongs_to_one_administrator_however_it_is_typed(email: str) -> None:
    administrators.add("Jane@example.org", "owner")
    with pytest.raises(Conflict):
        administrators.add(email, "owner")
    assert len(administrators.everyone()) == 1


@pytest.mark.parametrize(
    ("email", "role", "password", "field"),
    [
        ("jane", "owner", None, "email"),
        ("a@example.org,b@example.org", "owner", None, "email"),
        ("jane@example.org", "king", None, "role"),
        ("jane@example.org", "owner", "short", "password"),
        ("jane@example.org", "owner", "jane@example.org", "password"),
    ],
)
def test_add_names_the_field_that_is_wrong(email: str, role: str, password: str | None, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        administrators.add(email, role, password)
    assert [problem.field for problem in caught.value.problems] == [field]
    assert administrators.everyone() == []


def test_reset_password_replaces_the_password_by_a_one_time_one() -> None:
    administrators.add("jane@example.org", "owner", PASSWORD)
    made = administrators.reset_password("JANE@example.org")
    assert is_password(stored().password_hash, made)
    assert not is_password(stored().password_hash, PASSWORD)
    assert stored().must_change_password


def test_disable_records_the_time() -> None:
    administrators.add("jane@example.org", "viewer", PASSWORD)
    administrators.disable("jane@example.org")
    first = stored().disabled_at
    administrators.disable("jane@example.org")
    assert first is not None
    assert stored().disabled_at == first


def test_the_last_owner_stays_one() -> None:
    administrators.add("jane@example.org", "owner", PASSWORD)
    gone, _ = administrators.add("kim@example.org", "owner", PASSWORD)
    administrators.disable("kim@example.org")
    for change in (administrators.disable, lambda email: administrators.change_role(email, "viewer")):
        with pytest.raises(LastOwner):
            change("jane@example.org")
    administrators.enable("kim@example.org")
    administrators.change_role("jane@example.org", "viewer")
    assert [one.role for one in administrators.everyone()] == ["viewer", "owner"]
    assert administrators.by_id(gone.id).disabled_at is None


def test_nobody_changes_or_disables_their_own_account() -> None:
    jane, _ = administrators.add("jane@example.org", "owner", PASSWORD)
    administrators.add("kim@example.org", "owner", PASSWORD)
    by = Actor(jane.id, jane.email)
    for change in (administrators.disable, administrators.reset_password):
        with pytest.raises(OwnAccount):
            change(jane.email, by=by)
    with pytest.raises(OwnAccount):
        administrators.change_role(jane.email, "viewer", by=by)
    with pytest.raises(InvalidInput):
        administrators.change_role("kim@example.org", "king", by=by)


def test_a_missing_administrator_is_not_found() -> None:
    with pytest.raises(NotFound):
        administrators.by_id(1)
    with pytest.raises(NotFound):
        administrators.change_role("nobody@example.org", "viewer")
    with pytest.raises(NotFound):
        administrators.enable("nobody@example.org")
    with pytest.raises(NotFound):
        administrators.reset_password("nobody@example.org")
    with pytest.raises(NotFound):
        administrators.disable("nobody@example.org")


def test_every_account_has_a_password() -> None:
    assert not is_password(None, PASSWORD)
