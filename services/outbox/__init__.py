"""The transactional outbox and its wake-up: put a message in, take it back, ring for a worker."""
