"""Networks of the laboratory."""
