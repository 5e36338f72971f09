"""What gunicorn loads by itself from the folder it is started in; its command line overrides this.

`--worker-class gthread`, or `sync` with `--threads 1`, brings back gunicorn's own: put a buffering proxy in front.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # `--chdir` counts only after this file

from config import environment  # not the module: gunicorn has a setting called config
from domain.log_lines import LogFormat

worker_class = "serving.worker.PatientWorker"
threads = 16
graceful_timeout = 10  # seconds for what was received, after SIGTERM
keepalive = 75  # seconds; longer than nginx keeps its connections to us (60)
# Its control socket goes to ~/.gunicorn: an error in the log of a user without a home, a folder named "~" here for
# one without an entry in passwd, and one socket for all gunicorns of the user. Signals do all that we need.
control_socket_disable = True
if environment().get("LOG_FORMAT", "").strip() == LogFormat.JSON:
    logger_class = "serving.gunicorn_logs.JsonLogger"
