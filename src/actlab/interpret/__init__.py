"""Interpreters: each gives the primitives of ``core.maths`` a meaning of its own.

``torch_``, ``numpy_`` and ``jax_`` compute, ``mp`` computes to 50 digits, ``dual`` differentiates,
``printed`` writes formulas as LaTeX and plain text. They are imported by path, so that nobody pays
for one (torch, jax, mpmath) that they do not use.
"""
