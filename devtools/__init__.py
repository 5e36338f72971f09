"""Development only: the embedded broker, the inbox, and the parts of `dev.py`; the service needs none of them."""
