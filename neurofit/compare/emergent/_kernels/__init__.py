"""Statistics of tuning on plain arrays."""
