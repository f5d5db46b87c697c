"""The templates of the pages: one environment, in which everything is escaped and must exist."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from actlab.figures.chart import visible


def template(name: str) -> Template:
    """A page's template, by its file name in ``templates``."""
    environment = Environment(
        loader=PackageLoader("actlab.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_legible,
    )
    return environment.get_template(name)


def _legible(value: Any) -> Any:
    """Text without characters that hide or turn round what stands beside them."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
