"""One activation's page, as MyST text, from its definition alone."""

from __future__ import annotations

import inspect
import sys
from html import escape

import analysis_tables
from actlab import functional, registry
from actlab.analysis import Analysis, analyse
from actlab.core import Activation
from actlab.describe import joints
from actlab.interpret.mathml import derivative_mathml, formula_mathml
from analysis_tables import table
from curves import picture
from gallery import cost_class


def page(one: Activation) -> str:
    """The whole page."""
    found = analyse(one)
    parts = [
        f"# {one.name}\n\n{_sentence(one.title)} {_html_safe(one.use)}\n",
        raw(picture(one, width=640, height=360)),
        raw(f'<div class="formula">{formula_mathml(one)}</div>'),
        raw(f'<div class="formula">{derivative_mathml(one)}</div>'),
        _code(one),
        _parameters(one),
        _facts(one, found),
        analysis_tables.gains(found),
        analysis_tables.moments(found),
        analysis_tables.depth(found),
        analysis_tables.precision(found),
        _notes(one),
        _reference(one),
        _sources(one),
    ]
    return "\n".join(part for part in parts if part)


def raw(html: str) -> str:
    """HTML that MyST leaves as it is."""
    return f"```{{raw}} html\n{html}\n```\n"


def _sentence(text: str) -> str:
    return _html_safe(text if text.endswith(".") else f"{text}.")


def _html_safe(text: str) -> str:
    """Text in which no character is markup."""
    for character in "\\*_`<>[]$":
        text = text.replace(character, f"\\{character}")
    return text


def _code(one: Activation) -> str:
    call = ", ".join(["x", *(f"{p.name}={p.default:g}" for p in one.params)])
    module = ", ".join([f'"{one.name}"', *(f"{p.name}={p.default:g}" for p in one.params)])
    own = {"powerlu": "PowerLU", "expolu": "ExpoLU", "ralu": "RaLU", "elu": "ELU", "rrelu": "RReLU"}
    lines = [
        "import actlab.functional as F",
        "from actlab import init, nn",
        "",
        f"y = F.{one.name}({call})",
    ]
    if one.name in own:
        inside = ", ".join(f"{p.name}={p.default:g}" for p in one.params)
        lines.append(f"module = nn.{own[one.name]}({inside})")
    else:
        lines.append(f"module = nn.Activation({module})")
    lines.append(f'gain = init.gain("{one.name}")')
    body = "\n".join(lines)
    return (
        f"```python\n{body}\n```\n\n"
        f'<a href="../explorer-page.html#f={one.name}">Open it in the explorer</a> · '
        f"`actlab show {one.name}` · `actlab analyse {one.name}`\n"
    )


def _parameters(one: Activation) -> str:
    if not one.params:
        return ""
    rows = [
        (
            f"`{p.name}`",
            f"{p.default:g}",
            f"{p.domain}" + (f", learned in {p.learned_in}" if p.learned_in else ""),
            "yes" if p.learnable else "on request",
            _html_safe(p.meaning),
        )
        for p in one.params
    ]
    return "## Parameters\n\n" + table(("name", "default", "domain", "learned", "meaning"), rows)


def _facts(one: Activation, found: Analysis) -> str:
    kept = "its output, which the next layer keeps anyway" if one.saves == "output" else "its input"
    lines = [
        *analysis_tables.shape(found),
        *joints(one),
        f"backward keeps {kept}",
        f"cost: {cost_class(one)}",
    ]
    text = f"## Facts\n\nFamily: {one.family}. At the default parameters:\n\n"
    text += "".join(f"- {_html_safe(line)}\n" for line in lines)
    if one.aliases:
        text += f"- other names: {', '.join(f'`{alias}`' for alias in one.aliases)}\n"
    same = registry.equivalents(one)
    return text + "".join(f"- the same function: {_html_safe(line)}\n" for line in same)


def _reference(one: Activation) -> str:
    """The docstring of its function."""
    # The four of the core are in the reference of `actlab.functional` too.
    twice = "   :no-index:\n" if one.name in functional.__all__ else ""
    directive = f".. autofunction:: actlab.functional.{one.name}\n{twice}"
    return f"## Function\n\n```{{eval-rst}}\n{directive}```\n"


def _notes(one: Activation) -> str:
    if not one.notes:
        return ""
    return "## Notes\n\n" + "".join(f"- {_html_safe(note)}\n" for note in one.notes)


def _sources(one: Activation) -> str:
    module = sys.modules[one.forward.__module__]
    source = escape(inspect.getsource(module))
    listed = "".join(f"- {_html_safe(str(reference))}\n" for reference in one.references)
    hidden = (
        "<details><summary>The definition, all of it</summary>"
        f'<div class="highlight"><pre>{source}</pre></div></details>'
    )
    return f"## References\n\n{listed}\n{raw(hidden)}"
