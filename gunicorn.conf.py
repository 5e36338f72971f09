"""What gunicorn loads by itself from the folder it is started in; its command line overrides this.

`--worker-class gthread`, or `sync` with `--threads 1`, brings back gunicorn's own: put a buffering proxy in front.
"""

worker_class = "serving.worker.PatientWorker"
threads = 16
graceful_timeout = 10  # seconds for what was received, after SIGTERM
keepalive = 75  # seconds; longer than nginx keeps its connections to us (60)
# Its control socket goes to ~/.gunicorn: an error in the log of a user without a home, a folder named "~" here for
# one without an entry in passwd, and one socket for all gunicorns of the user. Signals do all that we need.
control_socket_disable = True
