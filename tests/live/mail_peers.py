"""A real Postfix and a real Dovecot, each in a folder of its own, started and ended by the test."""

import os
import shutil
import socketserver
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devtools.live.process import Process, free_port
from devtools.readiness import is_free

USER, PASSWORD = "bounces", "secret-of-the-mailbox"
MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.sendcode.test
mydestination = users.test
local_recipient_maps =
alias_maps =
recipient_delimiter = +
relay_domains = bounces.test
transport_maps = inline:{{bounces.test=bounces:}}
default_transport = error:only for tests
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
"""
"""`users.test` takes every recipient at first, and finds out only when it delivers that there is none."""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
local unix - n n - - local
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
bounces unix - n n - 4 pipe
  flags=Rq user=nobody argv=/usr/bin/perl {folder}/hand_over.pl ${{original_recipient}}
"""
HAND_OVER = """
use IO::Socket::INET;
my $test = IO::Socket::INET->new("127.0.0.1:{port}") or exit 75;
print $test "$ARGV[0]\\n", <STDIN>;
$test->shutdown(1);
exit <$test>;
"""
"""Its user may not be allowed to read this checkout: the test runs the command and gives the exit code back."""
DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={folder}/home
}}
mail_location = maildir:{folder}/home/mail
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@contextmanager
def postfix(take: Callable[[str, bytes], int]) -> Iterator[int]:
    """Run Postfix and yield its port; mails to `bounces.test` go to `take`, which returns the exit code of the pipe."""
    _needs("postfix")
    with _folder() as folder, _handler(take) as handler_port:
        port = free_port()
        for name in ("queue", "data"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix")
        (folder / "main.cf").write_text(MAIN.format(folder=folder))
        (folder / "master.cf").write_text(MASTER.format(folder=folder, port=port))
        (folder / "hand_over.pl").write_text(HAND_OVER.format(port=handler_port))
        env = {"PATH": os.environ["PATH"]}
        server = Process("postfix", ["postfix", "-c", folder, "start-fg"], env, folder / "output")
        try:
            server.wait_until_ready(lambda: not is_free(port))
            yield port
        finally:
            subprocess.run(["postfix", "-c", str(folder), "stop"], env=env, capture_output=True, check=False)
            server.kill()


@contextmanager
def dovecot() -> Iterator[int]:
    """Run Dovecot with one mailbox and yield its port."""
    _needs("dovecot")
    with _folder() as folder:
        port = free_port()
        (folder / "home").mkdir()
        shutil.chown(folder / "home", 65534, 65534)
        (folder / "dovecot.conf").write_text(DOVECOT.format(folder=folder, port=port, password=PASSWORD))
        command = ["dovecot", "-F", "-c", folder / "dovecot.conf"]
        server = Process("dovecot", command, {"PATH": os.environ["PATH"]}, folder / "output")
        try:
            server.wait_until_ready(lambda: not is_free(port))
            yield port
        finally:
            server.kill()


def _needs(name: str) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    if os.geteuid() != 0:
        pytest.skip(f"only root may start {name}")


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder that the server's own users may enter, unlike the tests' usual one."""
    with tempfile.TemporaryDirectory(prefix="sendcode-mail-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@contextmanager
def _handler(take: Callable[[str, bytes], int]) -> Iterator[int]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            recipient = self.rfile.readline().decode().rstrip("\n")
            self.wfile.write(str(take(recipient, self.rfile.read())).encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", free_port()), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
