"""Scriptable servers for tests: real sockets and protocols, with behaviour set in advance."""
