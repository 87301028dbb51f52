"""What a repository says about its service, and what is left alone."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from perfspec.importers.discover import Found, discover

if TYPE_CHECKING:
    from pathlib import Path


def look(folder: Path, **texts: str) -> Found:
    for name, text in texts.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return discover(folder, ports=())


@pytest.mark.parametrize("name", ["openapi_yaml", "docs__openapi_json", "api__swagger_yaml"])
def test_an_openapi_document_is_found(tmp_path: Path, name: str) -> None:
    assert look(tmp_path, **{name: "{}"}).openapi is not None


@pytest.mark.parametrize(
    ("ports", "port"),
    [
        ('["8081:80"]', 8081),
        ('["127.0.0.1:8082:80/tcp"]', 8082),
        ("[8083]", 8083),
        ("[{ target: 80, published: 8084 }]", 8084),
    ],
)
def test_a_service_of_compose_that_publishes_a_port(tmp_path: Path, ports: str, port: int) -> None:
    text = f"services: {{ db: {{ image: postgres }}, web: {{ build: ., ports: {ports} }} }}"
    found = look(tmp_path, compose_yaml=text)
    assert (found.command, found.port) == ("docker compose up web", port)
    assert found.origin == "compose.yaml"


@pytest.mark.parametrize("text", ["", "services: []", "services: { web: { ports: [a] } }", "a: ["])
def test_a_compose_file_that_says_nothing(tmp_path: Path, text: str) -> None:
    assert look(tmp_path, compose_yaml=text) == Found()


@pytest.mark.parametrize(
    ("text", "command", "port"),
    [
        ("web: gunicorn app --bind 0.0.0.0:8005", "gunicorn app --bind 0.0.0.0:8005", 8005),
        ("worker: x\nweb: npm start -- --port $PORT\n", "npm start -- --port 5000", 5000),
        ("web: node server.js", "node server.js", 5000),
    ],
)
def test_a_procfile(tmp_path: Path, text: str, command: str, port: int) -> None:
    (tmp_path / "Procfile").write_text(text, encoding="utf-8")
    found = discover(tmp_path, ports=())
    assert (found.command, found.port, found.origin) == (command, port, "Procfile")


def test_a_port_that_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = discover(tmp_path, ports=(port,))
        assert found == Found(port=port, origin=f"something answers on port {port}")
    assert discover(tmp_path, ports=(port,)) == Found()
