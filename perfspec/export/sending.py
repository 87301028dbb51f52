"""What can go wrong with everything that is sent."""

from __future__ import annotations

from typing import ClassVar

from perfspec.errors import Exit, PerfspecError


class NotSentError(PerfspecError):
    """Nobody took it; the run and its verdict are as they were."""

    exit_code: ClassVar[Exit] = Exit.NOT_PUBLISHED
