"""What keeps messages from being sent: one list, for banners, for mails to owners and operators, and for the doctor."""
