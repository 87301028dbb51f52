"""Verdicts as text: JUnit, Markdown, CSV, terminal. Compares no numbers."""
