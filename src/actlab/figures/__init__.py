"""Figures in two steps: functions that return plain data, and functions that draw it as SVG."""

from actlab.figures.data import (
    Band,
    FitFigure,
    GradientFigure,
    LossFigure,
    ShapeFigure,
    fit_figure,
    gradient_figure,
    loss_figure,
    shape_figure,
    short_label,
)
from actlab.figures.draw import draw_fit, draw_gradients, draw_losses, draw_shape

__all__ = [
    "Band",
    "FitFigure",
    "GradientFigure",
    "LossFigure",
    "ShapeFigure",
    "draw_fit",
    "draw_gradients",
    "draw_losses",
    "draw_shape",
    "fit_figure",
    "gradient_figure",
    "loss_figure",
    "shape_figure",
    "short_label",
]
