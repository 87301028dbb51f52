"""What will run: compiled journeys, load curves, objectives, fingerprint."""
