import pytest

from domain.keyring import Keyring, Unreadable

OLD, NEW = "o" * 32, "n" * 32


def test_sealed_data_can_be_opened_for_its_own_row_only():
    keyring = Keyring([NEW])
    sealed = keyring.seal(b"123456", row="row-1")
    assert b"123456" not in sealed
    assert keyring.open(sealed, row="row-1") == b"123456"
    with pytest.raises(Unreadable):
        keyring.open(sealed, row="row-2")


def test_a_changed_byte_is_detected():
    keyring = Keyring([NEW])
    sealed = bytearray(keyring.seal(b"123456", row="row-1"))
    for place in range(len(sealed)):
        changed = bytes(sealed[:place]) + bytes([sealed[place] ^ 1]) + bytes(sealed[place + 1 :])
        with pytest.raises(Unreadable):
            keyring.open(changed, row="row-1")


@pytest.mark.parametrize("rubbish", [b"", b"short", b"\xff" * 60])
def test_garbage_is_unreadable(rubbish):
    with pytest.raises(Unreadable):
        Keyring([NEW]).open(rubbish, row="row-1")


def test_after_a_rotation_old_rows_can_be_opened_and_new_ones_use_the_new_key():
    before, after = Keyring([OLD]), Keyring([NEW, OLD])
    assert after.open(before.seal(b"x", row="r"), row="r") == b"x"
    assert after.hash("x", key=before.newest) == before.hash("x")
    assert after.hash("x") == Keyring([NEW]).hash("x") != before.hash("x")


def test_a_key_that_left_the_ring_is_named_as_the_cause():
    with pytest.raises(Unreadable, match="CODE_PEPPER"):
        Keyring([NEW]).hash("x", key=Keyring([OLD]).newest)
    with pytest.raises(Unreadable, match="CODE_PEPPER"):
        Keyring([NEW]).open(Keyring([OLD]).seal(b"x", row="r"), row="r")


def test_sealing_the_same_twice_gives_different_bytes():
    keyring = Keyring([NEW])
    assert keyring.seal(b"x", row="r") != keyring.seal(b"x", row="r")
