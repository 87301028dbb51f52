"""Spec → Plan: the last place that looks at the spec."""
