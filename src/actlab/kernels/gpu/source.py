"""The module of kernels of one definition, put together as text."""

from __future__ import annotations

from actlab.interpret.triton_ import Form, Printed
from actlab.kernels.gpu.template import AT, HEADER, KERNELS, SUMS, VALUE


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
        form, direct = self.forms.get(key), self.forms.get(f"direct_{key}")
        if form is None:
            return ""
        single = f"direct_{key}(x.to(tl.float32){_constants(direct, '.to(tl.float32)')})"
        return AT.format(
            form=key,
            given=self._with_types(),
            direct=single if direct else "x.to(tl.float32)",
            constants=_constants(form),
            exponents="".join(f", E{place}" for place in form.exponents),
            no_exponents=", 0" * len(form.exponents),
            prepare=self._prepared(form),
        )

    def value(self, key: str, name: str = "") -> str:
        """The function that finishes a form: rounded, or multiplied by a cotangent."""
        form, direct = self.forms.get(key), self.forms.get(f"direct_{key}")
        name = name or key
        if form is None:
            # Never called: kernels ask for it only where the definition has it.
            return (
                f"@triton.jit\ndef {name}_value(x, factor, mask, {self._with_types()}"
                "MODE: tl.constexpr, DTYPE: tl.constexpr):\n    return x\n\n\n"
            )
        finish = {
            "forward": "rounded({0}, DTYPE)",
            "gated": "rounded({0} * factor.to({0}.dtype), DTYPE)",
        }.get(name, "rounded(passed(factor.to({0}.dtype), {0}, DTYPE), DTYPE)")
        lines = "{0}_at(x, {1}{2}, DTYPE)"
        text = VALUE.format(
            form=name,
            given=self._with_types(),
            prepare_direct="pass" if direct is None else self._prepared(direct),
            usable="usable" if key == "forward" else "slopes_usable",
            parameters=self.parameters,
            finish_direct=f"{name}_finished(x, factor, {self.given}1, DTYPE)",
            finish_double=f"{name}_finished(x, factor, {self.given}2, DTYPE)",
            finish=f"{name}_finished(x, factor, {self.given}MODE, DTYPE)",
        )
        if direct is None:
            # Without a form in single precision there is no mode 3.
            head = text[: text.index("    if MODE == 3:")]
            text = head + f"    return {name}_finished(x, factor, {self.given}MODE, DTYPE)\n\n\n"
        finished = (
            f"@triton.jit\ndef {name}_finished(x, factor, {self._with_types()}"
            "MODE: tl.constexpr, DTYPE: tl.constexpr):\n"
            f"    y = {lines.format(key, self.given, 'MODE')}\n"
            f"    return {finish.format('y')}\n\n\n"
        )
        return finished + text

    def terms(self) -> list[str]:
        """The contribution of a block to the gradient in each parameter that is wanted."""
        lines = []
        for name in self.names:
            lines.append(f"if W_{name}:")
            from_output = self.forms.get(f"{name}_partial_from_output")
            from_input = self.forms[f"{name}_partial"]
            indent = "    "
            if from_output is not None:
                lines.append("    if OUTPUT:")
                lines += [f"        {line}" for line in self._term(name, from_output)]
                lines.append("    else:")
                indent = "        "
            lines += [indent + line for line in self._term(name, from_input)]
        return lines

    def _term(self, name: str, form: Form) -> list[str]:
        count = len(form.constants)
        constants = "".join(f", c{place}" for place in range(count))
        call = f"{form.name}(saved.to(tl.float64){constants}{', 0' * len(form.exponents)})"
        parameters = "".join(f"{n}_here, " for n in self.names)
        names = "".join(f"c{place}, " for place in range(count))
        return [
            *([f"{names}= prepare_{form.name}({parameters}DTYPE)"] if count else []),
            f"term = passed(cotangent.to(tl.float64), {call}, tl.float64)",
            f"sum_{name} += tl.where(mask, term, 0.0)",
        ]

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
