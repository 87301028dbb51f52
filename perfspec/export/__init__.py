"""Results for other tools: Prometheus, OpenTelemetry, and whatever reads the summary of k6."""
