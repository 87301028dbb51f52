"""Performance gates: perfspec.yaml → Spec → Plan → RunResult → Verdict → Report."""

__version__ = "0.1.0"
