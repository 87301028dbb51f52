"""Likely causes that no class of errors shows: in latencies, and in what monitors read."""
