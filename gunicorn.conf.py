"""What gunicorn loads by itself from the folder that it is started in; its command line comes before this.

`--worker-class sync` or `gthread` brings back gunicorn's own workers: put a proxy that buffers requests before them.
"""

worker_class = "serving.worker.PatientWorker"
threads = 16
graceful_timeout = 10  # seconds for what was received, after SIGTERM
keepalive = 75  # seconds; longer than nginx keeps its connections to us (60)
