"""Deciding: validity, objectives, verdicts. Pure functions of a plan and a result."""
