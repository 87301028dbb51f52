"""The child process: the one place that knows Locust, gevent and libcurl."""
