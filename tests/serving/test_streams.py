"""A body that is read while it arrives."""

import threading

import pytest

from serving.streams import WINDOW, BrokenBody, Stream


def test_a_reader_gets_what_has_come_and_then_the_end() -> None:
    stream = Stream()
    stream.append(b"abc")
    assert (stream.read(2), stream.read(2)) == (b"ab", b"c")
    stream.append(b"d")
    stream.end()
    assert (stream.read(), stream.read(), len(stream)) == (b"d", b"", 4)


def test_a_reader_waits() -> None:
    stream, got = Stream(), []
    reader = threading.Thread(target=lambda: got.append(stream.read()))
    reader.start()
    for piece in (b"ab", b"cd"):
        stream.append(piece)
    stream.end()
    reader.join(5)
    assert got == [b"abcd"]


def test_the_sender_is_told_when_there_is_room_again() -> None:
    stream, told = Stream(), []
    stream.on_room = lambda: told.append(1)
    stream.append(b" " * WINDOW)
    assert not stream.has_room
    stream.read(1)
    stream.read(1)
    assert (stream.has_room, told) == (True, [1])


def test_a_body_that_never_comes_breaks_its_reader_off() -> None:
    stream = Stream()
    stream.append(b"abc")
    stream.close()
    with pytest.raises(BrokenBody):
        stream.read(3)


def test_a_whole_body_stays_readable_after_its_sender_has_gone() -> None:
    stream = Stream()
    stream.append(b"abc")
    stream.end()
    stream.close()
    assert stream.read() == b"abc"
