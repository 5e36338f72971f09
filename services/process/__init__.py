"""What a process keeps and watches for as long as it lives; nothing here knows what the service is for."""
