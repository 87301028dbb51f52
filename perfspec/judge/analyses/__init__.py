"""What a test shows over time: recovery, trends, capacity. Pure functions of a test's result."""
