"""The runtime: how a definition becomes numbers on tensors.

``apply`` is the single entry. It decides between plain torch operations (transforms, compilers,
subclasses) and one autograd Function that keeps a single tensor for backward.
"""
