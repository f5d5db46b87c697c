"""What is wrong with the activations of a model, measured while it runs.

``diagnose`` runs a model on some data; ``monitor`` watches a training run in passing. Both tell of
dead and saturated units, shifted means, NaN, and gradients that grow or shrink with depth, at
every place where the model applies an activation, and what to do about it.
"""

from actlab.diagnose.diagnosis import diagnose
from actlab.diagnose.monitor import Monitor, monitor
from actlab.diagnose.report import Report, SiteReport, Verdict

__all__ = ["Monitor", "Report", "SiteReport", "Verdict", "diagnose", "monitor"]
