"""The development inbox: a real SMTP server, an SMS endpoint, and one page that shows what arrived."""
