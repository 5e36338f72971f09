"""Development only: the embedded broker, the inbox, and what `dev.py` is made of; the service needs none."""
