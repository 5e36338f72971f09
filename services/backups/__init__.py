"""Backups: copies of an SQLite file while the service runs, and the commands of other databases' own tools."""
