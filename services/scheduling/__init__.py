"""Schedules, the beat scheduler that fires them, and the reports that ship as scheduled tasks."""
