"""Twenty parallel sends through each gateway in a process patched by gevent or eventlet; run by test_green.py.

Arguments: gevent|eventlet, SMTP port, HTTP URL, file of the SMTP server's authority.
"""

import sys
import warnings

kind, smtp_port, url, ca_file = sys.argv[1:]
if kind == "gevent":
    from gevent import monkey

    monkey.patch_all()
else:
    warnings.simplefilter("ignore", DeprecationWarning)
    import eventlet

    eventlet.monkey_patch()

import time  # noqa: E402 (patching comes first)
from concurrent.futures import ThreadPoolExecutor  # noqa: E402

from channels.email.mail_settings import MailSettings  # noqa: E402
from channels.email.smtp import SmtpGateway  # noqa: E402
from channels.http.http_gateway import HttpGateway  # noqa: E402
from tests.channels.conftest import mail, sms  # noqa: E402

settings = MailSettings(
    "127.0.0.1", int(smtp_port), use_tls=True, default_sender="a@x.org", connections=4, ca_file=ca_file
)
post = SmtpGateway(settings)
gateway = HttpGateway(url, connections=4)
with ThreadPoolExecutor(20) as pool:
    started = time.monotonic()
    mails = list(pool.map(lambda number: post.send(mail(to=f"u{number}@x.org")), range(20)))
    texts = list(pool.map(lambda number: gateway.send(sms(id=f"msg-{number}")), range(20)))
mails.append(post.send(mail(to="u20@x.org")))
post.close()
gateway.close()
print(len(set(mails)), len(set(texts)), time.monotonic() - started)
