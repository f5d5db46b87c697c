"""The laboratory: studies become plans, plans become cells, cells become records."""
