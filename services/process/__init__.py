"""What a process keeps and watches while it runs; nothing here knows what the service is for."""
