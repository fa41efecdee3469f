"""The Celery application and its tasks; `celery -A ltr_workers worker` starts one worker."""
