"""The gallery: a card for each activation, with a search that needs no server."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from actlab.analysis.gain import forward_gain
from actlab.core import FAMILIES, Activation
from actlab.describe import smoothness
from actlab.interpret.mathml import formula_mathml
from curves import picture

HEAD = """\
---
hide-toc: true
---

# Gallery

Every activation with its graph (solid), its slope (dashed), its formula and what it is good for.
All of them are `F.<name>` and `nn.Activation("<name>")`; the [explorer](../explorer.md) draws any
number of them on top of each other.

"""

TOOLS = """\
<div class="gallery-tools" role="search">
<input id="gallery-search" type="search" placeholder="Search names, titles, years"
 aria-label="Search the gallery">
<select id="gallery-family" aria-label="Family"><option value="">all families</option>{families}
</select>
</div>
<p id="gallery-count" aria-live="polite">{count} activations</p>
"""


def gallery(definitions: Sequence[Activation]) -> str:
    """The page as MyST text."""
    families = "".join(
        f"<option>{family}</option>"
        for family in FAMILIES
        if any(one.family == family for one in definitions)
    )
    tools = TOOLS.format(families=families, count=len(definitions))
    cards = "\n".join(card(one) for one in definitions)
    return (
        f'{HEAD}```{{raw}} html\n{tools}<div class="gallery">\n{cards}\n</div>\n'
        '<script src="../_static/gallery.js"></script>\n```\n'
    )


def card(one: Activation) -> str:
    """One card: a link with everything on it."""
    words = " ".join([one.name, one.title, *one.aliases, str(one.year), one.family]).lower()
    facts = {
        "family": one.family,
        "year": str(one.year),
        "smoothness": smoothness(one),
        "gain": f"{forward_gain(one):.4g}",
        "cost": cost_class(one),
    }
    rows = "".join(f"<dt>{name}</dt><dd>{_power(fact)}</dd>" for name, fact in facts.items())
    return (
        f'<a class="card" href="{one.name}.html" data-family="{one.family}" '
        f'data-words="{escape(words)}">{picture(one, height=170)}<h3>{one.name}</h3>'
        f'<div class="math">{formula_mathml(one)}</div>'
        f'<p class="use">{escape(one.use)}</p><dl>{rows}</dl></a>'
    )


def _power(fact: str) -> str:
    """``C^1`` as people write it."""
    return re.sub(r"\^(\d+)", r"<sup>\1</sup>", escape(fact))


def cost_class(one: Activation) -> str:
    """What computing it takes, in a word or two."""
    from actlab.analysis.cost import cost

    return cost(one).kind
