"""Messages and verifications: lists, one of each, exports, and acts on whole lists."""
