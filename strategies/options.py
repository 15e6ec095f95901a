"""The base of every strategy's, model's and optimizer's options."""

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Options of one component: validated from YAML, immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)

    type: str
