"""``python -m perfspec``."""

from perfspec.cli.main import main

main()
