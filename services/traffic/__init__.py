"""Sent traffic for the console: lists, details, search, exports, and bulk actions on a filter."""
