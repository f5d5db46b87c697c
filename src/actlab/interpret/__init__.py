"""Interpreters: each gives the primitives of ``core.maths`` a meaning of its own.

``torch_`` computes, ``mp`` computes to 50 digits, ``dual`` differentiates, ``printed`` writes
formulas as LaTeX and plain text. They are imported by path, so that nobody pays for one
(torch, mpmath) that they do not use.
"""
