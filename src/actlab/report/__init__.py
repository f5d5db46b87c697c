"""Reports: what the records of a study show, in the terminal and as one HTML page."""
