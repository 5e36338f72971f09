"""Schedules, the clock that fires them, and what is shipped as one."""
