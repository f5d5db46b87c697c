"""The templates of the pages: one environment, in which everything is escaped and must exist."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


def template(name: str) -> Template:
    """A page's template, by its file name in ``templates``."""
    environment = Environment(
        loader=PackageLoader("actlab.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
