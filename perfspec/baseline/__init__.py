"""History: what runs leave for later comparisons, and the stores that keep it."""
