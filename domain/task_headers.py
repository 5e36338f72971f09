"""Headers of our own that a task carries over the broker."""

FIRED = "sendcode_schedule"
"""Tells a worker that a schedule fired the task, so that its id is the id of a run."""
