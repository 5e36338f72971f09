"""Tests of the page of the API."""
