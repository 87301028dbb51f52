"""What can go wrong on the way to GitHub, and what never changes a verdict."""

from __future__ import annotations

from typing import ClassVar

from perfspec.errors import Exit, PerfspecError


class PublishError(PerfspecError):
    """Something was not published; says what, why and the next step."""

    exit_code: ClassVar[Exit] = Exit.NOT_PUBLISHED


class TransientError(PublishError):
    """GitHub was not reached or is in trouble: what was asked for may have been done or not."""
