"""Scriptable servers for tests: real sockets, real protocols, told in advance how to behave."""
