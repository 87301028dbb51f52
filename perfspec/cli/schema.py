"""``perfspec schema``: the JSON Schema that editors and CI read."""

from __future__ import annotations

import json
from typing import Any

import click

FILES = ("spec", "plan", "result", "verdict", "record")


@click.command("schema")
@click.argument("file", type=click.Choice(FILES), default="spec")
def command(file: str) -> None:
    """Write the JSON Schema of perfspec.yaml (draft-07) to standard output.

    With `plan`, `result` or `verdict` that of a file in a run folder, with `record` that of a file
    in a baseline store (draft 2020-12).

    \b
    Examples:
      perfspec schema > perfspec.schema.json
      # first line of perfspec.yaml, for editors:
      # yaml-language-server: $schema=./perfspec.schema.json
      perfspec schema verdict > verdict.schema.json
    """  # noqa: D301
    click.echo(json.dumps(_schema(file), indent=1, ensure_ascii=False).encode())


def _schema(file: str) -> dict[str, Any]:
    if file == "spec":
        from perfspec.spec.schema import spec_schema  # noqa: PLC0415  (pydantic's is slow)

        return spec_schema()
    from perfspec.report.schemas import result_schemas  # noqa: PLC0415  (not for editors)

    return result_schemas()[file]
