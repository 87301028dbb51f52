"""From the plan to closures: nothing of it is interpreted while users run."""
