"""What was measured as Markdown, and as a picture."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from speed.meter import Speed

OURS = "perfspec"
TITLES = {"plain": "HTTP/1.1", "tls": "HTTP/1.1 over TLS", "h2": "HTTP/2 over TLS"}
ROW, BAR, LEFT, RIGHT = 26, 420, 130, 90  # of the picture, in pixels


def speed_table(mode: str, speeds: Mapping[str, Sequence[Speed]]) -> Iterator[str]:
    """Medians of the rounds; the ratio is the median of those of neighbours in a round."""
    yield f"**{TITLES[mode]}**"
    yield ""
    head = ["generator", "requests/s", "CPU ms per 1,000", "times perfspec's CPU", "first request"]
    yield f"| {' | '.join(head)} |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for name, rounds in speeds.items():
        rate = statistics.median(each.per_s for each in rounds)
        cost = statistics.median(each.cpu_ms for each in rounds)
        first = statistics.median(each.first_s for each in rounds)
        yield f"| {name} | {rate:,.0f} | {cost:.1f} | {ratio(speeds, name)} | {first:.2f} s |"
    yield ""


def ratio(speeds: Mapping[str, Sequence[Speed]], name: str) -> str:
    """How many times perfspec's processor time a request takes, with the range of the rounds."""
    if name == OURS:
        return "1"
    pairs = zip(speeds[name], speeds[OURS], strict=True)
    found = [its.cpu_ms / ours.cpu_ms for its, ours in pairs]
    return f"{statistics.median(found):.2f} [{min(found):.2f} to {max(found):.2f}]"


def memory_table(crowds: Mapping[str, Mapping[int, float]]) -> Iterator[str]:
    """KB a user, by generator and number of users."""
    sizes = sorted({size for found in crowds.values() for size in found})
    yield f"| KB a user | {' | '.join(f'{size:,} users' for size in sizes)} |"
    yield f"| --- |{' ---: |' * len(sizes)}"
    for name, found in crowds.items():
        cells = [f"{found[size]:.0f}" if size in found else "-" for size in sizes]
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""


def picture(speeds: Mapping[str, Sequence[Speed]]) -> str:
    """Bars of requests for each second of processor time, as SVG."""
    rates = {
        name: 1e6 / statistics.median(each.cpu_ms for each in rounds)
        for name, rounds in speeds.items()
    }
    widest, bars = max(rates.values()), []
    for row, (name, rate) in enumerate(sorted(rates.items(), key=lambda item: -item[1])):
        top, width = 34 + ROW * row, max(BAR * rate / widest, 1)
        fill = "#1f6feb" if name == OURS else "#8b949e"
        bars += [
            f'<text x="{LEFT - 8}" y="{top + 14}" text-anchor="end">{name}</text>',
            f'<rect x="{LEFT}" y="{top}" width="{width:.0f}" height="18" fill="{fill}"/>',
            f'<text x="{LEFT + width + 6:.0f}" y="{top + 14}">{rate:,.0f}</text>',
        ]
    size = f'width="{LEFT + BAR + RIGHT}" height="{44 + ROW * len(rates)}"'
    font = 'font-family="sans-serif" font-size="13" fill="#57606a"'
    title = "Requests for each second of processor time, HTTP/1.1"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font} role="img">',
            f"<title>{title}</title>",
            f'<text x="{LEFT}" y="20" font-weight="bold">{title}</text>',
            *bars,
            "</svg>\n",
        ]
    )
