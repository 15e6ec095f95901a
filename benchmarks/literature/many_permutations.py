"""Permuted MNIST with fifty tasks: the sequence for which Kronecker-factored curvature was published."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from benchmarks.literature.configuration import merged
from benchmarks.literature.der_recipe import ewc_by_layer
from benchmarks.literature.permuted_mnist import PermutedMnist
from benchmarks.literature.protocol import Published

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.literature.protocol import MethodSetting, Overrides

TASKS = 50
RITTER = Published("above 90", "Ritter et al. 2018")


class ManyPermutations(PermutedMnist):
    """The stream of the twenty tasks, thirty longer, with the settings that were chosen there.

    The source is Ritter, Botev and Barber 2018, Online structured Laplace approximations for overcoming
    catastrophic forgetting (arXiv 1805.07810). Theirs is the number of tasks; passes, batches and
    optimizer are those of the twenty tasks.
    """

    summary = "Permuted MNIST with 50 tasks of 60,000 images, one pass, no row remembered."
    tasks: ClassVar[int] = TASKS
    base: ClassVar[Overrides] = merged(PermutedMnist.base, {"retention": {"max_tasks": TASKS}})
    settings: ClassVar[Mapping[str, MethodSetting]] = {
        "naive": replace(PermutedMnist.settings["naive"], published=None),
        "ewc": replace(PermutedMnist.settings["ewc"], published=None),
        "ewc-kronecker": replace(
            PermutedMnist.settings["ewc-kronecker"],
            published=RITTER,
            note="Kronecker-factored, as published; one pass, strength of the 20 tasks",
        ),
        "ewc-kronecker-3": replace(
            ewc_by_layer(lr=0.2, strength=3.0, figure=""),
            published=RITTER,
            note="the same, strength 3 in place of 10",
        ),
    }
