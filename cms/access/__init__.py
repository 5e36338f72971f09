"""Who may see what: sessions, roles, and where a form goes back to."""
