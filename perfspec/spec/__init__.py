"""What the team wrote: models, loading, positions, cross references, schema, diagnostics."""
