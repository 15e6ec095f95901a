"""The options of SGD."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from strategies.options import LIVE
from strategies.options.optimizers.schedule import ScheduledOptions


class SgdOptions(ScheduledOptions):
    """Stochastic gradient descent."""

    type: Literal["sgd"] = "sgd"
    lr: float = Field(0.05, gt=0, description="Learning rate.", json_schema_extra=LIVE)
    momentum: float = Field(0.0, ge=0, lt=1, description="Heavy-ball momentum, as in torch.optim.SGD.")
