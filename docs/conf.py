"""Sphinx configuration. `make docs` builds the site into build/docs, offline and without a CDN."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from actlab import __version__

project = "actlab"
author = "actlab authors"
copyright = "2026, actlab authors"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "catalogue",
    "claims",
    "docstrings",
    "mathml",
    "explorer",
    "reliability",
]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 3
html_math_renderer = "mathml"

exclude_patterns = ["_ext", "_generated", "claims"]
html_theme = "furo"
html_title = "actlab"
html_static_path = ["_static"]
# The pages of the last quick run of the claims, as they are.
html_extra_path = ["claims/pages"]
html_css_files = ["actlab.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}

autodoc_typehints = "none"  # the docstrings say more than the types
autodoc_member_order = "bysource"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# Code without a named language is plain text, not Python that might not parse.
highlight_language = "text"
pygments_style = "friendly"
pygments_dark_style = "github-dark"
