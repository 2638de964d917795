"""Tasks shared out to the workers of many machines with Celery; the parent sees to it that each ends exactly once."""
