"""Torch's operations by what they do to the distribution of values: names of functions.

A function of torch and the tensor method of that name are one operation here. What is in no set
counts as opaque: nothing is assumed about it.
"""

from __future__ import annotations

# Words are easier to look through in lines than one below the other.
# fmt: off
SUMS = frozenset(
    (
        "__add__", "__iadd__", "__isub__", "__radd__", "__rsub__", "__sub__", "add", "add_",
        "rsub", "sub", "sub_", "subtract",
    )
)

PRODUCTS = frozenset(
    (
        "__imul__", "__mul__", "__rmul__", "mul", "mul_", "multiply",
    )
)

POINTWISE = SUMS | PRODUCTS | frozenset(
    (
        "__abs__", "__and__", "__div__", "__ge__", "__gt__", "__invert__", "__le__", "__lt__",
        "__neg__", "__or__", "__pow__", "__rdiv__", "__rpow__", "__rtruediv__", "__truediv__",
        "abs", "absolute", "addcmul", "arcsinh", "arctan", "asinh", "atan", "atan2", "bfloat16",
        "clamp", "clamp_", "clamp_max", "clamp_min", "clip", "cos", "cosh", "div", "div_",
        "divide", "double", "erf", "erfc", "exp", "expit", "expm1", "float", "fmax", "fmin",
        "ge", "greater", "gt", "half", "heaviside", "hypot", "le", "lerp", "less", "log",
        "log1p", "log2", "logaddexp", "logical_and", "logical_not", "logical_or", "lt",
        "masked_fill", "masked_fill_", "maximum", "minimum", "nan_to_num", "neg", "negative",
        "pow", "pow_", "reciprocal", "rsqrt", "sigmoid", "sign", "sin", "sinc", "sinh", "sqrt",
        "square", "tanh", "true_divide", "type_as", "where", "xlogy",
    )
)
"""Operations that act element by element on tensors of one shape."""

CASTS = frozenset({"float", "double", "half", "bfloat16", "type_as"})

NORMS = frozenset({"layer_norm", "rms_norm", "group_norm"})
BATCH_NORMS = frozenset({"batch_norm", "instance_norm"})

MOVES = frozenset(
    (
        "__get__", "__getitem__", "broadcast_to", "cat", "channel_shuffle", "chunk", "clone",
        "concat", "contiguous", "cpu", "cuda", "detach", "diagonal", "expand", "expand_as",
        "flatten", "flip", "gather", "hstack", "index_select", "moveaxis", "movedim", "narrow",
        "permute", "pixel_shuffle", "pixel_unshuffle", "ravel", "repeat", "repeat_interleave",
        "requires_grad_", "reshape", "reshape_as", "roll", "rot90", "select", "split",
        "split_with_sizes", "squeeze", "squeeze_", "stack", "swapaxes", "swapdims", "t",
        "take_along_dim", "tensor_split", "tile", "to", "transpose", "unbind", "unflatten",
        "unfold", "unsqueeze", "unsqueeze_", "view", "view_as", "vstack",
    )
)
"""Operations that only move values, and so keep their distribution."""

BLURS = frozenset(
    (
        "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d",
        "adaptive_max_pool1d", "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d",
        "adaptive_max_pool2d_with_indices", "adaptive_max_pool3d",
        "adaptive_max_pool3d_with_indices", "alpha_dropout", "amax", "avg_pool1d", "avg_pool2d",
        "avg_pool3d", "constant_pad_nd", "dropout", "dropout1d", "dropout2d", "dropout3d",
        "dropout_", "feature_alpha_dropout", "feature_dropout", "fold", "grid_sample",
        "interpolate", "lp_pool1d", "lp_pool2d", "masked_select", "max_pool1d",
        "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices", "max_pool3d",
        "max_pool3d_with_indices", "mean", "pad", "sum", "upsample",
    )
)
"""Operations that pass values on and change their distribution: pooling, padding, dropout."""

TRANSPOSES = frozenset({"t", "transpose", "T", "mT"})

PROPERTIES = frozenset({"T", "mT", "H", "mH", "data"})
"""Attributes of tensors that are tensors made from them."""
