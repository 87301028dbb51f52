"""The page about diagnostics, made of their one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perfspec.spec.codes import GROUPS

if TYPE_CHECKING:
    from perfspec.spec.codes import Rule

_HEAD: Final = """\
<!-- Made of perfspec/spec/codes by `make snapshots`; a test compares them. -->
# Diagnostics

`perfspec lint` finds all mistakes of a spec in one run and shows them in reading order, one line
for each:

```
perfspec.yaml:12:7: PS102 unknown key 'timeuot' (did you mean 'timeout'?)
```

file, line, column, code, what is wrong, and what would fit. Warnings say `warning` before their
code and do not change the exit code; an error exits with 2. `--format json` and `--format github`
say the same to programs. `examples/broken/CODE` holds a spec for every code and what it gives.
"""


def render_diagnostics() -> str:
    """Markdown with every code: what it means, and a line of a spec that is wrong and right."""
    parts = [_HEAD]
    for title, rules in GROUPS.items():
        parts += [f"\n## {title}\n", *map(_section, rules)]
    return "".join(parts)


def _section(rule: Rule) -> str:
    title = f"{rule.title} (a warning)" if rule.warning else rule.title
    wrong = "\n".join(f"- {line}" for line in rule.wrong.split("\n"))
    right = "\n".join(f"+ {line}" for line in rule.right.split("\n"))
    return f"\n### {rule.code} {title}\n\n{rule.why}\n\n```diff\n{wrong}\n{right}\n```\n"
