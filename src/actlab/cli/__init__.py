"""The command line: ``actlab list``, ``show``, ``run``, ``report``, ``doctor`` and ``new``.

One module a command; ``app`` names them, and each is imported only when it is used.
"""
