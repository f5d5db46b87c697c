"""One file per activation: the formula, its derivative, its facts and its source.

A definition imports ``actlab.core`` and nothing else, and assigns one or more ``Activation``
records at module level. The registry finds them; no list needs editing.
"""
