"""Activations as modules: ``from actlab import nn; nn.RaLU(num_parameters=64)``.

``PowerLU``, ``ExpoLU``, ``RaLU`` and ``ELU`` have classes of their own; ``Activation`` is the
module of every other one, by name or by definition: ``nn.Activation("mymodule:foo")``.
"""

from actlab.nn.activation import Activation
from actlab.nn.four import ELU, ExpoLU, PowerLU, RaLU
from actlab.nn.gated import GLU
from actlab.nn.groups import parameter_groups
from actlab.nn.rrelu import RReLU

__all__ = ["ELU", "GLU", "Activation", "ExpoLU", "PowerLU", "RReLU", "RaLU", "parameter_groups"]
