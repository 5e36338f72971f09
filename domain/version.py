"""The version of this release, named in one place."""

VERSION = "0.9.0"
"""Semantic (semver.org) and without the `v` of its tag; CONTRIBUTING.md says when it changes."""
