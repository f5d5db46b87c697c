"""Lets torchvision be imported beside a torch that its compiled part was not built for.

On PyPI torchvision comes for CUDA. Beside torch for the CPU its library cannot be loaded, and the
import fails: it registers shapes for operators that are not there. Their schemas are all it asks
for; models that call none of them work.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "box_iou_rotated(Tensor boxes1, Tensor boxes2) -> Tensor",
    "roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height,"
    " SymInt pooled_width, int sampling_ratio, bool aligned) -> Tensor",
    "ps_roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height,"
    " SymInt pooled_width, int sampling_ratio) -> (Tensor, Tensor)",
    "roi_pool(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height,"
    " SymInt pooled_width) -> (Tensor, Tensor)",
    "ps_roi_pool(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height,"
    " SymInt pooled_width) -> (Tensor, Tensor)",
    "deform_conv2d(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias,"
    " SymInt stride_h, SymInt stride_w, SymInt pad_h, SymInt pad_w, SymInt dilation_h,"
    " SymInt dilation_w, SymInt groups, SymInt offset_groups, bool use_mask) -> Tensor",
)
"""Those that code in torchvision names; backward operators belong to a library that is there."""


def declare_missing() -> None:
    """Declare torchvision's operators where its own library does not; nothing without it."""
    found = importlib.util.find_spec("torchvision")
    if found is None or found.origin is None:
        return
    _load(Path(found.origin).parent)
    for schema in SCHEMAS:
        name, _, rest = schema.partition("(")
        if not hasattr(torch.ops.torchvision, name):
            torch.library.define(f"torchvision::{name}", f"({rest}")


def _load(folder: Path) -> None:
    """Load torchvision's library, as torchvision itself will; where it fits, nothing is missing."""
    for library in folder.glob("_C*.so"):
        try:
            torch.ops.load_library(library)
        except OSError:
            return
