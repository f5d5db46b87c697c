"""Networks of the laboratory, many at once: every parameter has a leading dimension of runs.

A stack of networks takes ``(runs, n, features)`` and gives ``(runs, n, outputs)``. Run
``i * len(seeds) + j`` is seed j at learning rate i. Every operation works slice by slice, so a run
that overflows leaves the others as they are, and each equals the same run trained alone.
"""
