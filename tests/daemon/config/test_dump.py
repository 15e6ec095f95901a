from __future__ import annotations

import json
from typing import Any

from daemon.config.dump import dump


def test_a_configuration_is_shown_as_json_values_without_its_secrets(load_with: Any) -> None:
    client = "{sasl_plain_password: hunter2, ssl_password_file: /run/pw, ssl_cafile: /ca}"
    shown = dump(
        load_with(source=f"{{type: kafka, topics: [a], client: {client}}}", optimizer="{type: adam, lr: 0.01}")
    )
    assert shown["source"]["client"] == {
        "sasl_plain_password": "[redacted]",
        "ssl_password_file": "/run/pw",
        "ssl_cafile": "/ca",
    }
    assert shown["optimizer"]["lr"] == 0.01
    assert shown["strategies"][0]["type"] == "replay"
    assert "hunter2" not in json.dumps(shown)
