"""The explorer: one offline page on which every activation can be looked at and compared."""
