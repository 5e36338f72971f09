"""Messages and verifications: lists, details, exports, and bulk actions."""
