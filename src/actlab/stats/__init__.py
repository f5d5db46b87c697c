"""Statistics for paired comparisons over few seeds: estimates, intervals, exact tests, verdicts."""

from actlab.stats.aggregate import Aggregate, Profile, performance_profile, stratified_iqm
from actlab.stats.contrast import Contrast, contrast
from actlab.stats.decision import Decision, decide, decide_equivalence
from actlab.stats.estimate import bca_interval, iqm
from actlab.stats.exact import clopper_pearson, sign_flip_p, smallest_sign_flip_p
from actlab.stats.improvement import (
    Improvement,
    probability_of_improvement,
    probability_of_superiority,
)
from actlab.stats.interval import Interval
from actlab.stats.looks import confidence_for, pocock_constant
from actlab.stats.multiplicity import benjamini_hochberg, holm
from actlab.stats.planning import (
    SeedsToDecide,
    power_paired,
    seeds_for_power,
    seeds_to_decide,
)
from actlab.stats.ranking import Ranking, nemenyi_difference, rank_contenders
from actlab.stats.recovery import Recovery, share_recovered
from actlab.stats.spread import SpreadRatio, spread_ratio

__all__ = [
    "Aggregate",
    "Contrast",
    "Decision",
    "Improvement",
    "Interval",
    "Profile",
    "Ranking",
    "Recovery",
    "SeedsToDecide",
    "SpreadRatio",
    "bca_interval",
    "benjamini_hochberg",
    "clopper_pearson",
    "confidence_for",
    "contrast",
    "decide",
    "decide_equivalence",
    "holm",
    "iqm",
    "nemenyi_difference",
    "performance_profile",
    "pocock_constant",
    "power_paired",
    "probability_of_improvement",
    "probability_of_superiority",
    "rank_contenders",
    "seeds_for_power",
    "seeds_to_decide",
    "share_recovered",
    "sign_flip_p",
    "smallest_sign_flip_p",
    "spread_ratio",
    "stratified_iqm",
]
