"""Finding and replacing activations in models that somebody else wrote.

``find`` lists every place where a model applies one; ``swap`` replaces them, says what it left
alone and why, and can take it all back.
"""

from actlab.surgery.find import find
from actlab.surgery.rules import by_function, by_site
from actlab.surgery.site import Site, Sites
from actlab.surgery.swap import Swap, swap, swapped
from actlab.surgery.table import Row

__all__ = [
    "Row",
    "Site",
    "Sites",
    "Swap",
    "by_function",
    "by_site",
    "find",
    "swap",
    "swapped",
]
