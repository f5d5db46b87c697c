"""GPU kernels in Triton, printed from the definitions.

``backend`` says whether they can be used and imports Triton only when they are asked for; all else
here imports it.
"""
