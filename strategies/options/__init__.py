"""What a configuration can say of strategies, models, optimizers and adapters, in files of the same names.

Nothing here imports torch, so that a configuration is read, checked and described without it.
"""

from typing import Final

from pydantic import BaseModel, ConfigDict
from pydantic.config import JsonDict

LIVE: Final[JsonDict] = {"x-live": True}
"""``json_schema_extra`` of an option that may change while the daemon learns: the state fits any value of it."""


class Options(BaseModel):
    """Options of one component: validated from YAML, immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)

    type: str
