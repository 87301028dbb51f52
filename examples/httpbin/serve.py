"""httpbin from PyPI as a WSGI application: ``python -m waitress serve:app``.

Beside gevent, pip chooses httpbin 0.10.0 on Python 3.11 (later ones want greenlet below 3),
which imports a function that werkzeug 3 has moved. Nothing else of httpbin is touched.
"""

from __future__ import annotations

import werkzeug.http
from werkzeug.datastructures import Authorization

if not hasattr(werkzeug.http, "parse_authorization_header"):
    setattr(werkzeug.http, "parse_authorization_header", Authorization.from_header)  # noqa: B010

from httpbin import app

__all__ = ["app"]
