"""``perfspec export``: a finished run for other tools."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from perfspec import jsonio
from perfspec.cli.judge import open_run
from perfspec.errors import UsageError
from perfspec.judge.model import Verdict
from perfspec.units import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.export.lines import Line


@click.command("export")
@click.argument("run_dir", required=False, type=click.Path(path_type=Path))
@click.option(
    "--to",
    "target",
    type=click.Choice(["prometheus", "otlp", "k6"]),
    required=True,
    help="Remote write, OTLP over HTTP, or k6's summary on standard output.",
)
def command(run_dir: Path | None, *, target: Literal["prometheus", "otlp", "k6"]) -> None:
    """Give a finished run (the newest when none is named) to another tool.

    Where it goes stands in the environment: PROMETHEUS_REMOTE_WRITE_URL, or the variables of
    OpenTelemetry such as OTEL_EXPORTER_OTLP_ENDPOINT. Exits with 5 when nobody takes it.

    \b
    Examples:
      PROMETHEUS_REMOTE_WRITE_URL=http://127.0.0.1:9090/api/v1/write perfspec export --to prometheus
      OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 perfspec export --to otlp
      perfspec export --to k6 > summary.json
    """  # noqa: D301
    from perfspec.export.k6 import k6_summary  # noqa: PLC0415  (not for --help)
    from perfspec.export.lines import lines_of  # noqa: PLC0415

    folder, plan, result = open_run(run_dir)
    verdict = jsonio.read_json(folder.verdict, Verdict)
    if target == "k6":
        click.echo(jsonio.encode(k6_summary(result, verdict)))
        return
    lines = lines_of(plan, result, verdict)
    address = _send(lines, target)
    points = sum(len(each.points) for each in lines)
    click.echo(f"{counted(points, 'point')} in {len(lines):,} series sent to {address}")


def _send(lines: Sequence[Line], target: Literal["prometheus", "otlp"]) -> str:
    """To where; raises UsageError where the extra for it is not installed."""
    try:
        if target == "prometheus":
            from perfspec.export import prometheus  # noqa: PLC0415  (an extra)

            return prometheus.send(lines, os.environ)
        from perfspec.export import otlp  # noqa: PLC0415  (an extra)

        return otlp.send(lines)
    except ModuleNotFoundError as error:
        extra = "prometheus" if target == "prometheus" else "otel"
        msg = f"{error.name} is not installed: pip install 'perfspec[{extra}]'"
        raise UsageError(msg) from None
