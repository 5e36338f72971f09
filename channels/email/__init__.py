"""Gateways for e-mail: mail servers over SMTP, and mails as bytes."""
