"""The outbox and the worker that empties it."""
