"""What a repository says about its service: an OpenAPI file, a way to start it, a port."""

from __future__ import annotations

import re
import shlex
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

if TYPE_CHECKING:
    from pathlib import Path

_OPENAPI: Final = ("openapi.yaml", "openapi.yml", "openapi.json", "swagger.yaml", "swagger.json")
_FOLDERS: Final = (".", "api", "docs", "doc", "spec", "schema")
_COMPOSE: Final = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
PORTS: Final = (8000, 8080, 3000, 5000, 4000, 8888)
CONNECT_S: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Nothing of it is certain; ``origin`` says what the command and the port are taken from."""

    openapi: Path | None = None
    command: str | None = None
    port: int | None = None
    origin: str | None = None


def discover(folder: Path, ports: tuple[int, ...] = PORTS) -> Found:
    """Look, without starting anything: files first, then a port of this machine that answers."""
    openapi = next(
        (
            path
            for place in _FOLDERS
            for name in _OPENAPI
            if (path := folder / place / name).is_file()
        ),
        None,
    )
    for look in (_compose, _procfile):
        found = look(folder)
        if found is not None:
            command, published, origin = found
            return Found(openapi=openapi, command=command, port=published, origin=origin)
    port = next((each for each in ports if _answers(each)), None)
    answers = None if port is None else f"something answers on port {port}"
    return Found(openapi=openapi, port=port, origin=answers)


def _compose(folder: Path) -> tuple[str, int, str] | None:
    """The first service that publishes a port."""
    for name in _COMPOSE:
        path = folder / name
        if not path.is_file():
            continue
        try:
            document = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, YAMLError):
            continue
        services = document.get("services") if isinstance(document, dict) else None
        for service, content in services.items() if isinstance(services, dict) else ():
            port = _published(content)
            if port is not None:
                return f"docker compose up {shlex.quote(str(service))}", port, name
    return None


def _published(service: Any) -> int | None:  # noqa: ANN401  (YAML)
    ports = service.get("ports") if isinstance(service, dict) else None
    for each in ports if isinstance(ports, list) else ():
        given = each.get("published") if isinstance(each, dict) else each
        found = re.fullmatch(r"(?:\d+\.[\d.]+:)?(\d{1,5})(?::\d+)?(?:/tcp)?", str(given))
        if found:
            return int(found[1])
    return None


def _procfile(folder: Path) -> tuple[str, int, str] | None:
    """Its ``web`` process; the port is the one in its command, or what foreman gives: 5000."""
    path = folder / "Procfile"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    web = re.search(r"^web:\s*(\S.*)$", text, re.MULTILINE)
    if not web:
        return None
    command = web[1].strip()
    port = re.search(r"(?:--port[ =]|-p[ =]?|-b \S*:|--bind[ =]\S*:)(\d{2,5})\b", command)
    number = int(port[1]) if port else 5000
    return re.sub(r"\$\{?PORT\}?", str(number), command), number, "Procfile"


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=CONNECT_S):
            return True
    except OSError:
        return False
