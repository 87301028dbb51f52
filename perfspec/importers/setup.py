"""The files that a repository needs to begin with: spec, schema, workflows; none is overwritten."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Final

from perfspec import __version__
from perfspec.importers.draft import SCHEMA_FILE

WORKFLOWS: Final = ("perfspec.yml", "perfspec-publish.yml", "perfspec-baseline.yml")
_SETTINGS: Final = {"yaml.schemas": {f"./{SCHEMA_FILE}": ["perfspec.yaml"]}}


def setup_files(spec: str, schema: str, *, workflows: bool) -> dict[Path, str]:
    """Paths below the repository's root, and what belongs there."""
    found = {
        Path("perfspec.yaml"): spec,
        Path(SCHEMA_FILE): schema,
        Path(".vscode/settings.json"): json.dumps(_SETTINGS, indent=2) + "\n",
    }
    if workflows:
        folder = files("perfspec.importers") / "workflows"
        for name in WORKFLOWS:
            text = (folder / name).read_text(encoding="utf-8")
            found[Path(".github/workflows") / name] = text.replace("<version>", __version__)
    return found


def write_files(folder: Path, wanted: dict[Path, str]) -> dict[Path, str]:
    """What became of each: ``written``, ``there already`` or ``kept, it is another``.

    Raises OSError.
    """
    done = {}
    for name, text in wanted.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
            done[name] = "written"
        except FileExistsError:
            same = path.is_file() and path.read_bytes() == text.encode()
            done[name] = "there already" if same else "kept: it is there and another"
    return done
