"""Ways to reach a receiver. Each says of every delivery: sent, may be retried, or failed for good."""
