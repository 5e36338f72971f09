"""Mails that come back: delivery reports and complaints of mail servers, and a mailbox that collects them."""
