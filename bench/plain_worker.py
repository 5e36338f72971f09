"""`celery -A bench.plain_worker:celery worker --pool=solo -Q bench`: stock Celery with the task of `bench/plain.py`."""

import os

from celery import Celery

from bench import plain

celery = Celery("plain", broker=os.environ["CELERY_BROKER_URL"])
celery.conf.task_ignore_result = True
assert plain.send_code.name in celery.tasks
