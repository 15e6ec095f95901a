"""The options of the simulated sources."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connectors.options import Options

Regime = Literal["warm_up", "base_load", "peak_load", "part_load", "night"]
REGIMES: tuple[Regime, ...] = ("warm_up", "base_load", "peak_load", "part_load", "night")


class SyntheticOptions(Options):
    """Base of the options of the simulated sources."""

    events: int | None = Field(None, ge=1, description="Events until the stream ends; endless by default.")
    seed: int = Field(0, ge=0, description="Seed of the generator; another gives other events of the same process.")
    rate: float | None = Field(None, gt=0, description="Events per second; unlimited by default.")


class HyperplaneOptions(SyntheticOptions):
    """Uniform features; the label is the side of a rotating hyperplane that they lie on."""

    type: Literal["hyperplane"] = "hyperplane"
    features: int = Field(10, ge=2, le=1_000, description="Number of features; they are named x1, x2, …")
    turns_per_million: float = Field(
        0.0, description="Full turns of the hyperplane per million events: the speed of gradual drift."
    )
    noise: float = Field(0.05, ge=0, le=0.5, description="Share of labels that are flipped.")
    concepts: int = Field(1, ge=1, le=1_000, description="Number of different hyperplanes.")
    change_every: int | None = Field(
        None,
        ge=1,
        description="Events per concept; after the last, the first returns. By default the concept never changes.",
    )


class PlantOptions(SyntheticOptions):
    """Eight sensors of a simulated plant; the label is its fault, the task its operating regime."""

    type: Literal["plant"] = "plant"
    events: int = Field(60_000, ge=1, description="Events until the stream ends.")
    regimes: tuple[Regime, ...] = Field(
        (*REGIMES, "base_load", "warm_up"),
        min_length=1,
        description="Operating regimes in order, each with an equal share of the events.",
    )
    noise: float = Field(1.0, ge=0, description="Strength of the sensor noise; 1 is moderate.")
