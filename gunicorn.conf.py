"""What gunicorn loads by itself from the folder that it is started in; its command line comes before this.

`--worker-class gthread`, or `sync` with `--threads 1`, brings back gunicorn's own: put a buffering proxy before them.
"""

worker_class = "serving.worker.PatientWorker"
threads = 16
graceful_timeout = 10  # seconds for what was received, after SIGTERM
keepalive = 75  # seconds; longer than nginx keeps its connections to us (60)
