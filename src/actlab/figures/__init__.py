"""Figures in two steps: functions that return plain data, and functions that draw it as SVG."""

from actlab.figures.data import (
    Band,
    FitFigure,
    GradientFigure,
    LossFigure,
    ShapeFigure,
    SpreadFigure,
    fit_figure,
    gradient_figure,
    loss_figure,
    shape_figure,
    short_label,
    spread_figure,
)
from actlab.figures.draw import draw_fit, draw_gradients, draw_losses, draw_shape, draw_spread

__all__ = [
    "Band",
    "FitFigure",
    "GradientFigure",
    "LossFigure",
    "ShapeFigure",
    "SpreadFigure",
    "draw_fit",
    "draw_gradients",
    "draw_losses",
    "draw_shape",
    "draw_spread",
    "fit_figure",
    "gradient_figure",
    "loss_figure",
    "shape_figure",
    "short_label",
    "spread_figure",
]
