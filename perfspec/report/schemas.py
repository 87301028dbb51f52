"""JSON Schemas of the files in a run folder, made from the types that read and write them."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from perfspec.baseline.record import Record
from perfspec.judge.model import Verdict
from perfspec.measure.histogram import Histogram
from perfspec.measure.model import RunResult
from perfspec.plan.model import Plan

DRAFT = "https://json-schema.org/draft/2020-12/schema"
FILES: dict[str, tuple[type[msgspec.Struct], str]] = {
    "plan": (Plan, "plan.json: what will run"),
    "result": (RunResult, "result.json: what happened"),
    "verdict": (Verdict, "verdict.json: what it means"),
    "record": (Record, "record: what a test leaves in a baseline store"),
}


def result_schemas() -> dict[str, dict[str, Any]]:
    """Schemas (draft 2020-12) by the name of the file: ``plan``, ``result`` and so on.

    `make schema` writes each to ``schema/NAME.schema.json``.
    """
    schemas = {
        name: {
            "$schema": DRAFT,
            "title": f"perfspec {title}",
            **msgspec.json.schema(kind, schema_hook=_histogram),
        }
        for name, (kind, title) in FILES.items()
    }
    plain: dict[str, dict[str, Any]] = json.loads(msgspec.json.encode(schemas))
    return plain  # lists where msgspec leaves tuples


def _histogram(kind: type) -> dict[str, Any]:
    if kind is not Histogram:
        raise NotImplementedError
    return {
        "type": "string",
        "contentEncoding": "base64",
        "description": (
            "zlib-compressed varints: the sum and the maximum in microseconds, then for each"
            " bucket the step from the last one and its count. Buckets are single microseconds"
            " below 256, and above it each power of two in 128 parts (HdrHistogram's layout)."
        ),
    }
