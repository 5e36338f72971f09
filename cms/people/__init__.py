"""Administrators, and how somebody becomes one."""
