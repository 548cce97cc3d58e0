"""Learning rules inferred from firing rates, weights and behaviour."""
