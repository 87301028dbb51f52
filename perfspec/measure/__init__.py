"""Numbers: histograms, windows, the result of a run and how results merge."""
