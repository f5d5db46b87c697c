"""The benchmark: a gate first, then interleaved rounds, then records that a report is made from."""

STUDY = "actlab bench"
"""What a results folder says it holds; no study file can be called so."""
