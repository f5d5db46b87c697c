"""The module of kernels of one definition, put together as text."""

from __future__ import annotations

from actlab.interpret.triton_ import Form, Printed
from actlab.kernels.gpu.template import (
    AT,
    DEVICE,
    FINISHED,
    HEADER,
    KERNELS,
    SUMS,
    UNKNOWN,
    VALUE,
)


def source(name: str, printed: Printed, names: tuple[str, ...]) -> str:
    """The module of one definition: its functions, then the kernels that call them."""
    shape = _Shape(printed, names)
    text = HEADER.format(name=name) + printed.text
    for key in ("forward", "slope", "slope_from_output"):
        text += shape.at(key) + shape.value(key)
    text += shape.value("forward", "gated")
    text += KERNELS.format(
        arguments=shape.arguments,
        given=shape.here,
        value_given=shape.value_here,
        load=_indented(shape.load("(i // inner) % channels"), 4),
    )
    if names:
        text += SUMS.format(
            arguments=shape.arguments,
            given=shape.here,
            wanted="".join(f"W_{name}: tl.constexpr, " for name in names),
            zeros=_indented([f"sum_{n} = tl.zeros((ROWS, COLUMNS), tl.float64)" for n in names], 4),
            load_channels=_indented(shape.load("channel"), 8),
            terms=_indented(shape.terms(), 8),
            stores=_indented(shape.stores(), 4),
        )
    return text


class _Shape:
    """The parts of the text that depend on how many parameters and constants there are."""

    def __init__(self, printed: Printed, names: tuple[str, ...]) -> None:
        self.forms, self.usable, self.names = printed.forms, printed.usable, names
        self.most = max(len(form.constants) for form in printed.forms.values())
        places = range(self.most)
        # Of the value and of the gradient, since a gated unit's backward needs both.
        self.arguments = (
            "".join(f"{n}_ptr, {n}: tl.float64, KIND_{n}: tl.constexpr, " for n in names)
            + "".join(f"k{p}: tl.float64, v{p}: tl.float64, " for p in places)
            + "".join(f"E{p}: tl.constexpr, F{p}: tl.constexpr, " for p in places)
        )
        self.parameters = "".join(f"{n}, " for n in names)
        self.given = self.parameters + "".join(f"k{p}, E{p}, " for p in places)
        here = "".join(f"{n}_here, " for n in names)
        self.here = here + "".join(f"k{p}, E{p}, " for p in places)
        self.value_here = here + "".join(f"v{p}, F{p}, " for p in places)

    def load(self, channel: str) -> list[str]:
        """Parameters and constants as doubles."""
        lines = [f"channel = {channel}"] if self.names else []
        lines += [
            f"{n}_here = parameter({n}_ptr, {n}, KIND_{n}, channel, mask)" for n in self.names
        ]
        for place in range(self.most):
            lines += [f"k{place} = tl.full((), k{place}, tl.float64)"]
            lines += [f"v{place} = tl.full((), v{place}, tl.float64)"]
        return lines

    def at(self, key: str) -> str:
        """The function that computes a form in one of the modes."""
        form = self.forms.get(key)
        if form is None:
            return ""
        return AT.format(
            form=key,
            given=self._with_types(),
            direct=self._in_single("direct", key),
            half=self._in_single("half", key),
            constants=_constants(form),
            exponents="".join(f", E{place}" for place in form.exponents),
            no_exponents=", 0" * len(form.exponents),
            prepare=self._prepared(form),
        )

    def _in_single(self, kind: str, key: str) -> str:
        form = self.forms.get(f"{kind}_{key}")
        if form is None:
            return "single(x)"  # there is no such mode then
        exponents = "".join(f", E{place}" for place in form.exponents)
        return f"{form.name}(single(x){_constants(form, '.to(tl.float32)')}{exponents})"

    def value(self, key: str, name: str = "") -> str:
        """The functions that finish a form: rounded, or multiplied by a cotangent."""
        name = name or key
        if key not in self.forms:
            # Never called: kernels ask for it only where the definition has it.
            return UNKNOWN.format(name=name, given=self._with_types())
        finish = {
            "forward": "rounded(y, DTYPE)",
            "gated": "rounded(y * like(y, factor), DTYPE)",
        }.get(name, "rounded(passed(like(y, factor), y, DTYPE), DTYPE)")
        usable = "usable" if key == "forward" else "slopes_usable"
        device = self._on_device("direct", key, name, 3, usable)
        device += self._on_device("half", key, name, 5, "half_usable")
        known = {"name": name, "given": self._with_types(), "passed": self.given}
        text = FINISHED.format(form=key, finish=finish, **known)
        return text + VALUE.format(device=device, **known)

    def _on_device(self, kind: str, key: str, name: str, mode: int, usable: str) -> str:
        """What a form does with parameters that only the device knows."""
        form = self.forms.get(f"{kind}_{key}")
        if form is None:
            return ""
        return DEVICE.format(
            mode=mode, then=mode - (2 if kind == "direct" else 1), usable=usable, name=name,
            parameters=self.parameters, passed=self.given, prepare=self._prepared(form),
        )  # fmt: skip

    def terms(self) -> list[str]:
        """The contribution of a block to the gradient in each parameter that is wanted."""
        lines = []
        for name in self.names:
            lines.append(f"if W_{name}:")
            from_input, from_output = f"{name}_partial", f"{name}_partial_from_output"
            indent = "    "
            if from_output in self.forms:
                lines.append("    if OUTPUT:")
                lines += [f"        {line}" for line in self._term(name, from_output)]
                lines.append("    else:")
                indent = "        "
            lines += [indent + line for line in self._term(name, from_input)]
        return lines

    def _term(self, name: str, key: str) -> list[str]:
        whole = [*self._parts("", key), f"wide = {self._of_saved('', key)}"]
        product = "passed(cotangent.to(tl.float64), wide, tl.float64)"
        half = f"half_{key}"
        lines = [*whole, f"term = {product}"]
        if half in self.forms:
            here = "".join(f"{n}_here, " for n in self.names)
            lines = [
                "if MODE == 5:",
                *(f"    {line}" for line in self._parts("half_", key)),
                f"    usable_here = half_usable({here}DTYPE)",
                f"    partial = {self._of_saved('half_', key)}",
                "    term = passed(single(cotangent), partial, tl.float32).to(tl.float64)",
                "    if every(usable_here, mask) == 0:",
                *(f"        {line}" for line in whole),
                f"        term = tl.where(usable_here, term, {product})",
                "else:",
                *(f"    {line}" for line in lines),
            ]
        return [*lines, f"sum_{name} += tl.where(mask, term, 0.0)"]

    def _parts(self, kind: str, key: str) -> list[str]:
        """The constants of a derivative in a parameter, from parameters that are here."""
        form = self.forms[kind + key]
        here = "".join(f"{n}_here, " for n in self.names)
        names = "".join(f"c{place}, " for place in range(len(form.constants)))
        return [f"{names}= prepare_{form.name}({here}DTYPE)"] if names else []

    def _of_saved(self, kind: str, key: str) -> str:
        form = self.forms[kind + key]
        suffix = ".to(tl.float32)" if kind else ""
        constants = "".join(f", c{place}{suffix}" for place in range(len(form.constants)))
        x = "single(saved)" if kind else "saved.to(tl.float64)"
        return f"{form.name}({x}{constants}{', 0' * len(form.exponents)})"

    def stores(self) -> list[str]:
        """Where each chunk's sums go: one row of chunks for every parameter and channel."""
        lines = ["one = tl.arange(0, COLUMNS) + tl.program_id(1).to(tl.int64) * COLUMNS"]
        for place, name in enumerate(self.names):
            lines += [
                f"if W_{name}:",
                f"    row_of = ({place} * channels + one) * chunks + chunk",
                f"    tl.store(partial_ptr + row_of, tl.sum(sum_{name}, 0), mask=one < channels)",
            ]
        return lines

    def _with_types(self) -> str:
        places = range(self.most)
        return self.parameters + "".join(f"k{p}, E{p}: tl.constexpr, " for p in places)

    def _prepared(self, form: Form) -> str:
        if not form.constants:
            return "pass"
        names = "".join(f"k{place}, " for place in range(len(form.constants)))
        return f"{names}= prepare_{form.name}({self.parameters}DTYPE)"


def _constants(form: Form | None, suffix: str = "") -> str:
    count = len(form.constants) if form else 0
    return "".join(f", k{place}{suffix}" for place in range(count))


def _indented(lines: list[str], margin: int) -> str:
    return "\n".join(" " * margin + line for line in lines)
