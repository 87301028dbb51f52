"""Sets the environment up for tests, and clears it: ``test_env.py up|down|check-clean --host URL``.

``up`` makes instructors, students with keys of their own, projects and submissions, and writes what
the load needs of them into ``test_data.json``. The administrator's password is the environment
variable HMP_ADMIN_PASSWORD.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

INSTRUCTORS, STUDENTS, PROJECTS, SUBMISSIONS = 2, 80, 25, 300
FILE = Path("test_data.json")
PASSWORD = os.environ.get("HMP_ADMIN_PASSWORD", "local-only")


def call(host: str, method: str, body: object = None) -> dict[str, int]:
    """Ask the administrator's interface; returns how much there is of everything now."""
    login = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
    request = urllib.request.Request(
        f"{host}/admin/test-data",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Basic {login}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def person(role: str, number: int) -> dict[str, str]:
    """A user whose private key only the test knows."""
    key = Ed25519PrivateKey.generate()
    return {
        "email": f"{role}-{number:02}@hmp.example",
        "role": role,
        "public_key": key.public_key().public_bytes_raw().hex(),
        "private_key": key.private_bytes_raw().hex(),
        "integrity": "ed25519",
        "confidentiality": "x25519",
    }


def up(host: str) -> None:
    """Make everything, and write the file."""
    dice = random.Random(1)
    instructors = [person("instructor", each + 1) for each in range(INSTRUCTORS)]
    students = [person("student", each + 1) for each in range(STUDENTS)]
    projects = [
        {
            "id": f"p{each + 1}",
            "title": f"Project {each + 1}",
            "instructor": dice.choice(instructors)["email"],
            "deadline": (datetime.now(UTC) + timedelta(days=dice.randint(1, 60))).isoformat(),
        }
        for each in range(PROJECTS)
    ]
    submissions = [
        {
            "project": dice.choice(projects)["id"],
            "author": dice.choice(students)["email"],
            "bytes": dice.choice([20_000, 100_000]),
        }
        for _ in range(SUBMISSIONS)
    ]
    public = [
        {key: value for key, value in each.items() if key != "private_key"}
        for each in instructors + students
    ]
    call(host, "POST", {"users": public, "projects": projects, "submissions": submissions})
    FILE.write_text(json.dumps({"instructors": instructors, "students": students}))


def main() -> int:
    """Exit code 0 when all is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["up", "down", "check-clean"])
    parser.add_argument("--host", required=True)
    options = parser.parse_args()
    match options.what:
        case "up":
            up(options.host)
        case "down":
            call(options.host, "DELETE")
            FILE.unlink(missing_ok=True)
        case "check-clean":
            return int(FILE.exists() or any(call(options.host, "GET").values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
