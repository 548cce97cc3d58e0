"""Learning rules inferred from recordings of activity, weights and behaviour."""
