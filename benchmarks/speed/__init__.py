"""The parts of ``bench_speed.py``."""
