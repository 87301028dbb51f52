"""A small plot for a page: one dot for each run, filled where the tool failed it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 640, 240, 60, 30, 30
COLOURS = {0.0: "#8b949e", 0.1: "#bf8700", 0.2: "#cf222e"}
OTHER = "#1f6feb"


class Dot(NamedTuple):
    """``slower`` is the truth, as a share; ``value`` is what was measured."""

    slower: float
    value: float
    failed: bool


def plot(dots: Sequence[Dot], title: str, ends: tuple[float, float], unit: str, to: Path) -> None:
    """Write an SVG picture; ``ends`` are the least and the most of the scale, in ``unit``."""
    low, high = ends
    step = (WIDTH - LEFT - 20) / max(len(dots) - 1, 1)

    def height(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - BOTTOM - TOP)

    marks = []
    for at, each in enumerate(dots):
        colour = COLOURS.get(each.slower, OTHER)
        where = f'cx="{LEFT + at * step:.0f}" cy="{height(each.value):.0f}" r="5"'
        fill = colour if each.failed else "none"
        marks.append(f'<circle {where} stroke="{colour}" fill="{fill}"/>')
    zero = max(low, 0.0)
    scale = []
    for value in sorted({zero, high}):
        where = f'x="{LEFT - 8}" y="{height(value) + 4:.0f}" text-anchor="end"'
        scale.append(f"<text {where}>{value:.0f}{unit}</text>")
    y = f"{height(zero):.0f}"
    scale.append(f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y}" y2="{y}" stroke="#d0d7de"/>')
    keys = [
        f'<text x="{LEFT + 130 * at}" y="{HEIGHT - 8}" fill="{COLOURS.get(slower, OTHER)}">'
        f"{f'+{slower:.0%}' if slower else 'unchanged'}</text>"
        for at, slower in enumerate(sorted({each.slower for each in dots}))
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
    font = 'font-family="sans-serif" font-size="13" fill="#57606a" role="img"'
    lines = [f"{head} {font}>", f"<title>{title}</title>"]
    lines += [f'<text x="{LEFT}" y="18" font-weight="bold">{title}</text>', *scale, *marks, *keys]
    to.write_text("\n".join([*lines, "</svg>\n"]), encoding="utf-8")
