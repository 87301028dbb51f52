"""Tests: unit mirrors the package, properties are laws, acceptance runs the real command line."""
