"""Accounts for load tests: ``accounts.py up|down|check-clean --host URL``.

``up`` opens them with enough credits and writes ``accounts.json``, ``down`` removes them with all
that they have, and nobody else's. The administrator's password is the environment variable
TTS_ADMIN_PASSWORD.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import sys
import urllib.request
from pathlib import Path

ACCOUNTS, UNITS = 500, 1_000_000
PREFIX = "loadtest_user_"
FILE = Path("accounts.json")
PASSWORD = os.environ.get("TTS_ADMIN_PASSWORD", "local-only")


def call(host: str, method: str, body: object = None) -> dict[str, int]:
    """Ask the administrator's interface; returns what there is of such accounts now."""
    login = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
    request = urllib.request.Request(
        f"{host}/admin/accounts?prefix={PREFIX}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Basic {login}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def main() -> int:
    """Exit code 0 when all is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["up", "down", "check-clean"])
    parser.add_argument("--host", required=True)
    options = parser.parse_args()
    match options.what:
        case "up":
            accounts = [
                {
                    "email": f"{PREFIX}{number:03}@example.com",
                    "password": secrets.token_urlsafe(12),
                    "units": UNITS,
                }
                for number in range(1, ACCOUNTS + 1)
            ]
            call(options.host, "POST", accounts)
            FILE.write_text(json.dumps(accounts))
        case "down":
            call(options.host, "DELETE")
            FILE.unlink(missing_ok=True)
        case "check-clean":
            return int(FILE.exists() or any(call(options.host, "GET").values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
