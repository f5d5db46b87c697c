"""The explorer page: templates, styles, scripts and data in one file that needs no network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from actlab._version import __version__
from actlab.core import Activation
from actlab.explore.entries import entry, script, sources

SCRIPTS = (
    "maths.js",
    "rounding.js",
    "quadrature.js",
    "moments.js",
    "depth.js",
    "precision.js",
    "state.js",
    "dom.js",
    "axes.js",
    "plot.js",
    "list.js",
    "controls.js",
    "signal.js",
    "propagation.js",
    "formats.js",
    "card.js",
    "main.js",
)
"""In the order in which they are put together: each uses those above it."""

POLICY = (
    "default-src 'none'; script-src {script}; style-src {style}; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


def render(definitions: Sequence[Activation]) -> str:
    """The page's text.

    Args:
        definitions: what it shows, in this order; at least one.

    Raises:
        ValueError: none is given, or two have one name.
        UnprintableError: a formula uses what JavaScript has no form for.
    """
    _check(definitions)
    style, code = _text("page.css"), _code(definitions)
    data = {
        "version": __version__,
        "activations": [entry(definition) for definition in definitions],
        "sources": sources(definitions),
    }
    policy = POLICY.format(script=_hash(code), style=_hash(style))
    environment = Environment(
        loader=PackageLoader("actlab.explore"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").render(
        policy=policy,
        style=style,
        code=code,
        data=embedded(data),
        count=len(definitions),
        version=__version__,
    )


def embedded(data: Any) -> str:
    """JSON that no text in it can end the script element of."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _check(definitions: Sequence[Activation]) -> None:
    if not definitions:
        raise ValueError("the explorer needs at least one activation")
    names = [definition.name for definition in definitions]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two activations are named {', '.join(twice)}; the page needs one each")


def _code(definitions: Sequence[Activation]) -> str:
    printed = "".join(f'"{d.name}": {script(d)},\n' for d in definitions)
    parts = [_text(SCRIPTS[0]), f"const FUNCTIONS = {{\n{printed}}};\n"]
    parts += [_text(name) for name in SCRIPTS[1:]]
    code = '(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n"
    # Names of parameters are identifiers and texts are data, so nothing can end the element.
    if "</script" in code.lower() or "<!--" in code:
        raise ValueError("the page's script contains the end of a script element")
    return code


def _text(name: str) -> str:
    return resources.files("actlab.explore").joinpath("templates", name).read_text("utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
