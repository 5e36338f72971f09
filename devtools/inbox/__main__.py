"""`python -m devtools.inbox --port 8025 --smtp-port 1025`: run the inbox until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading

from devtools.inbox.http import HOST, HttpDoor
from devtools.inbox.smtp import smtp_server
from devtools.inbox.store import Inbox


def main() -> None:
    """Serve SMTP and HTTP, on loopback unless told otherwise."""
    parser = argparse.ArgumentParser(prog="devtools.inbox", description="The development inbox.")
    parser.add_argument("--port", type=int, required=True, help="HTTP: the page and POST /sms")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument(
        "--host", default=HOST, help="where to listen; anybody who reaches it reads all codes"
    )
    parser.add_argument(
        "--console",
        default=os.environ.get("PUBLIC_URL", ""),
        help="the service's URL, for links from a message to its page there; PUBLIC_URL unless told otherwise",
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    logging.getLogger("devtools.inbox").setLevel(logging.INFO)
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd's logger; at DEBUG it would print mails
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve(options.port, options.smtp_port, options.host, options.console))
    except OSError as error:  # another program uses the port
        sys.exit(
            f"The inbox can't listen on {options.host}, ports {options.port} and {options.smtp_port}: {error}"
        )


async def serve(port: int, smtp_port: int, host: str = HOST, console: str = "") -> None:
    """Serve mails in this thread's loop and HTTP requests in threads, until a signal asks to end."""
    inbox = Inbox()
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    if sys.platform != "win32":  # there Ctrl-C and Ctrl-Break end the process by themselves
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
    door = HttpDoor(port, inbox, host, console)
    threading.Thread(target=door.serve_forever, daemon=True).start()
    server = await loop.create_server(lambda: smtp_server(inbox), host, smtp_port)
    await stop.wait()
    server.close()
    door.shutdown()


if __name__ == "__main__":
    main()
