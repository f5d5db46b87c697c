"""What an activation does to a signal, computed from its definition alone."""
