"""``python -m perfspec.demo``."""

from __future__ import annotations

import sys

from perfspec.demo.server import main

if __name__ == "__main__":
    sys.exit(main())
