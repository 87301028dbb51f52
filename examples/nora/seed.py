"""The plan's 500 test users: ``python seed.py up URL`` and ``down URL``.

Four of five have a recording from before, so that there is a latest session, and one has none.
"""

from __future__ import annotations

import json
import os
import sys
from urllib.request import Request, urlopen

USERS = 500


def main(word: str, url: str) -> None:
    """Put all users in their place, or none."""
    users = [
        {
            "email": f"stress-test-user-{n:03}@example.com",
            "password": os.environ["TEST_PASSWORD"],
            "recorded": n % 5 > 0,
        }
        for n in range(1, USERS + 1)
    ]
    body = json.dumps({"users": users}).encode()
    method = {"up": "PUT", "down": "DELETE"}[word]
    with urlopen(Request(f"{url}/api/test-users", body, method=method), timeout=10) as answer:
        left = json.load(answer)["users"]
    print(f"{left} test users")
    if left != (USERS if word == "up" else 0):
        sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
