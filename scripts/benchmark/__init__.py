"""The bench: what the integration costs, measured beside its baselines."""
