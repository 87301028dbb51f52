"""Other formats and what stands in a repository, as a first spec."""
