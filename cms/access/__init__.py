"""Access control: sessions, roles, and safe redirect targets."""
