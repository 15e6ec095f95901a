from __future__ import annotations

import json
import textwrap
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config.errors import ConfigError, Problem, TextPosition
from daemon.config.schema import Config

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.config.tables import Tables

SHORT = """\
name: plant
source: {type: kafka, bootstrap_servers: "localhost:9092", topics: [plant]}
decoder: {type: json, label: fault, task: regime}
tasks: {type: field}
label: {type: class, max_classes: 6}
model: {type: mlp, hidden: [64, 64]}
optimizer: {type: adam, lr: 0.001}
strategies: [{type: replay, rows: 2000}, {type: ewc, strength: 10}]
checkpoint: {directory: /var/lib/retaind/plant}
"""
TEN_MISTAKES = """\
version: 0
name: plant
name: again
sede: 3
source: {type: kafak, topics: [plant]}
decoder: {type: json, label: fault, task: regime}
label: {type: class, max_classes: 1}
model: {type: mlp, hidden: [64, abc]}
optimizer:
  type: adam
  lr: true
  betas: [0.9]
learner:
  batch: ${BATCH}
strategies:
  - {type: replay, rowz: 2000}
  - type: ewc
    fisher: exactly
    fisher:
checkpoint:
  keep: 0
"""
THEIR_MESSAGES = """\
plant.yaml:1:10: version: expected 1, got 0
plant.yaml:3:1: name: duplicate key; it is already given in line 2
plant.yaml:4:1: sede: unknown key; did you mean "seed"?
plant.yaml:5:16: source.type: unknown type 'kafak'; expected one of SOURCES, or your own class as \
package.module:Class; did you mean "kafka"?
plant.yaml:7:35: label.max_classes: expected a whole number ≥ 2 and ≤ 10000, got 1
plant.yaml:8:33: model.hidden[1]: expected a whole number ≥ 1 and ≤ 65536, got 'abc'
plant.yaml:11:7: optimizer.lr: expected a number > 0, got true
plant.yaml:12:10: optimizer.betas: expected a list of 2, got a list of 1
plant.yaml:14:10: learner.batch: variable BATCH is not set; set it, or give a default: ${BATCH:-...}
plant.yaml:16:20: strategies[0].rowz: unknown key; did you mean "rows"?
plant.yaml:18:13: strategies[1].fisher: expected one of exact, sampled, empirical, got 'exactly'
plant.yaml:19:5: strategies[1].fisher: duplicate key; it is already given in line 18
plant.yaml:20:1: checkpoint.directory: required, but missing; expected text: State directory; only one process at \
a time may use it.
plant.yaml:21:9: checkpoint.keep: expected a whole number ≥ 1 and ≤ 1000, got 0
"""


def problems(load: Any, *args: Any, **sections: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        load(*args, **sections)
    return caught.value.problems


def test_every_mistake_of_a_file_is_reported_in_one_pass_in_its_order(load: Any, tables: Tables) -> None:
    with pytest.raises(ConfigError) as caught:
        load(TEN_MISTAKES)
    reported = [line for line in str(caught.value).splitlines() if not line.startswith(" ")]
    assert "\n".join(reported) + "\n" == THEIR_MESSAGES.replace("SOURCES", ", ".join(sorted(tables.source)))


def test_each_message_shows_the_offending_text(load: Any) -> None:
    (problem,) = problems(load, TEN_MISTAKES)[7:8]
    assert str(problem).splitlines()[1:] == ["      betas: [0.9]", "             ^"]


def test_a_short_file_is_enough(load: Any) -> None:
    config = load(SHORT)
    assert config.source.bootstrap_servers == "localhost:9092"
    assert (config.decoder.task, config.tasks.type, config.label.max_classes) == ("regime", "field", 6)
    assert (config.model.hidden, config.optimizer.lr) == ((64, 64), 0.001)
    assert (config.strategies[0].rows, config.strategies[1].strength) == (2000, 10)


def test_what_is_left_out_has_a_sensible_default(load_with: Any) -> None:
    config = load_with(optimizer="{type: adam, lr: 1e-3}")
    assert config.optimizer.lr == 0.001
    assert [strategy.type for strategy in config.strategies] == ["replay", "l2sp"]
    assert (config.model.type, config.label.type, config.tasks.type) == ("mlp", "class", "none")
    assert (config.predictions, config.dead_letters) == (None, None)


def test_a_variable_becomes_what_its_place_needs(load_with: Any) -> None:
    config = load_with(
        {"N": "16", "LR": "5e-2", "YES": "true", "NAME": "7"},
        name="${NAME}",
        learner="{batch: '${N}', standardise: '${YES}'}",
        optimizer="{type: sgd, lr: '${LR}'}",
    )
    assert (config.name, config.learner.batch, config.optimizer.lr) == ("7", 16, 0.05)
    assert config.learner.standardise is True


def test_what_a_variable_holds_is_not_repeated_in_a_message(load_with: Any) -> None:
    (problem,) = problems(load_with, {"PW": "hunter2"}, learner="{batch: '${PW}'}")
    assert "expected a whole number ≥ 1 and ≤ 65536, got the value of ${PW}" in str(problem)
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize(
    ("sections", "path", "words"),
    [
        ({"name": "5"}, ("name",), "expected text matching"),
        ({"name": "5"}, ("name",), "put it in quotes"),
        ({"seed": "true"}, ("seed",), "≥ 0 and < 9223372036854775808, got true"),
        ({"seed": "1.5"}, ("seed",), "got 1.5"),
        ({"learner": "[1]"}, ("learner",), "expected a mapping, got a list of 1"),
        ({"learner": ""}, ("learner",), "expected a mapping, got nothing"),
        ({"learner": "{linger_seconds: x}"}, ("learner", "linger_seconds"), "expected a number > 0, got 'x'"),
        ({"decoder": "json"}, ("decoder",), "expected a mapping such as {type: json}, got 'json'"),
        ({"decoder": "{label: a}"}, ("decoder", "type"), "required, but missing; expected one of"),
        ({"decoder": "{type: json}"}, ("decoder", "label"), "there is nothing to learn"),
        ({"decoder": "{type: 3, label: a}"}, ("decoder", "type"), "got 3"),
        ({"tasks": "{type: field}", "decoder": "{type: json, label: a}"}, ("tasks", "type"), "decoder.task"),
        ({"label": "{type: klass}"}, ("label", "type"), "expected one of class, number"),
        ({"label": "{type: 'os:getcwd'}"}, ("label", "type"), "unknown type"),
        ({"strategies": "replay"}, ("strategies",), "expected a list (each a mapping) or default, got 'replay'"),
        ({"strategies": "[replay]"}, ("strategies", 0), "expected a mapping such as {type: replay}"),
        ({"strategies": "[{type: replay, rows: 1, bytes: 9}]"}, ("strategies", 0), "either in rows or in bytes"),
        ({"strategies": "[{type: replay}, {type: mixing}]"}, ("strategies", 1, "type"), "no reference section"),
        (
            {"model": "{type: closed_form}", "strategies": "[{type: replay}]"},
            ("strategies",),
            "no gradient and no layers that strategies could act on; write []",
        ),
        (
            {"model": "{type: closed_form}", "adapters": "[{type: lora}]"},
            ("adapters",),
            "no gradient and no layers that adapters could act on; write []",
        ),
        (
            {"model": "{type: closed_form}", "companions": "{challenger: {strategies: [{type: replay}]}}"},
            ("companions", "challenger", "strategies"),
            "write []",
        ),
        (
            {"label": "{type: number}", "strategies": "[{type: ewc}, {type: derpp, policy: class_balanced}]"},
            ("strategies", 1, "policy"),
            "the label is a number; keep a uniform sample",
        ),
        (
            {
                "label": "{type: number}",
                "companions": "{challenger: {strategies: [{type: replay, policy: class_balanced}]}}",
            },
            ("companions", "challenger", "strategies", 0, "policy"),
            "the label is a number",
        ),
        ({"model": "{type: closed_form, pretrained: base.safetensors}"}, ("model", "pretrained"), "unknown key"),
        ({"model": "{type: closed_form, forgetting: 1.5}"}, ("model", "forgetting"), "1.5"),
        (
            {
                "reference": "{source: {type: file, path: a}, probe_share: 1}",
                "strategies": "[{type: mixing}]",
            },
            ("reference", "probe_share"),
            "none may be learned",
        ),
        ({"reference": "{source: {type: fil, path: a}}"}, ("reference", "source", "type"), "unknown type 'fil'"),
        (
            {"reference": "{source: {type: file, path: a}, decoder: {type: json}}"},
            ("reference", "decoder", "label"),
            "required, but missing",
        ),
        (
            {"reference": "{source: {type: file, path: a}, rowz: 3}"},
            ("reference", "rowz"),
            "unknown key",
        ),
        ({"reference": "{source: {type: file, path: a}, range: [1, 0]}"}, ("reference",), "low < high"),
        (
            {"learner": "{updates_per_event: 3, updates_per_batch: 1}"},
            ("learner",),
            "either updates_per_batch or updates_per_event",
        ),
        (
            {"optimizer": "{type: sgd, schedule: {type: cosine}}"},
            ("optimizer", "schedule"),
            "of type cosine needs steps",
        ),
        ({"<<": "{a: 1}"}, (), "merge keys (<<) are not read here"),
        ({"'<<'": "{a: 1}"}, ("<<",), "unknown key"),
        ({"seed": "1.0"}, ("seed",), "got 1.0; write a whole number in digits alone"),
        ({"learner": "{batch: 1e12}"}, ("learner", "batch"), "got 1000000000000.0"),
        ({"learner": "{averaging: '0.5'}"}, ("learner", "averaging"), "got '0.5'; write the number without quotes"),
        (
            {"strategies": "[{type: replay, rows: 2e3}]"},
            ("strategies", 0, "rows"),
            "write a whole number in digits",
        ),
        ({"strategies": "[{type: replay, rows: '20'}]"}, ("strategies", 0, "rows"), "without quotes"),
        ({"optimizer": "{type: adam, betas: ['0.9', 0.9]}"}, ("optimizer", "betas", 0), "without quotes"),
        ({"learner": "{zzz: 1}"}, ("learner", "zzz"), "unknown key; valid here: batch, linger_seconds"),
        ({"source": "{type: kafka, topics: [a], client: {sasl_mechanism: X}}"}, None, "must be one of PLAIN"),
    ],
)
def test_a_mistake_is_named_in_plain_words_at_its_key(
    load_with: Any, sections: dict[str, str], path: tuple[str | int, ...] | None, words: str
) -> None:
    (problem,) = problems(load_with, **sections)
    assert words in problem.message
    assert problem.path == (path if path is not None else ("source", "client", "sasl_mechanism"))


def test_a_missing_section_is_named_at_the_top(load: Any) -> None:
    found = problems(load, "name: x\ncheckpoint: {directory: /d}\n")
    assert [(problem.path, problem.position) for problem in found] == [
        (("decoder",), TextPosition(1, 1)),
        (("source",), TextPosition(1, 1)),
    ]


@pytest.mark.parametrize(
    ("target", "path", "message"),
    [
        ("{field: s1, ahead: 1, foo: 2}", ("target", "foo"), "unknown key; valid here: from, field, ahead"),
        ("{field: s1, ahead: -1}", ("target", "ahead"), "expected a whole number ≥ 1"),
        ("{field: s1, ahead: 1, as: sing}", ("target", "as"), "expected one of value, difference, sign"),
        ('{"": null}', ("target", ""), "unknown key; valid here"),
        ("{ahead: 3}", ("target",), "from: stream needs field"),
    ],
)
@pytest.mark.parametrize("label", ["", "label: none\n"], ids=["alone", "label-none"])
def test_a_mistake_in_the_target_is_told_where_it_is_written(
    load: Any, label: str, target: str, path: tuple[str, ...], message: str
) -> None:
    rest = "name: x\nsource: {type: plant}\ndecoder: {type: json}\ncheckpoint: {directory: here}\n"
    [problem] = problems(load, f"{rest}{label}target: {target}\n")
    assert problem.path == path
    assert problem.message.startswith(message)


def test_a_misspelt_required_key_is_one_mistake(load_with: Any) -> None:
    (problem,) = problems(load_with, checkpoint="{directry: /d}")
    assert (problem.path, problem.suggestion) == (("checkpoint", "directry"), "directory")


def test_a_list_instead_of_a_mapping_is_one_mistake(load: Any) -> None:
    (problem,) = problems(load, "- a\n- b\n")
    assert problem.message == "expected a mapping, got a list of 2"


OWN_MODULE = """
from pydantic import Field
from typing import Literal
from strategies.options import Options
from strategies.strategy import Strategy
from torch import nn

class MineOptions(Options):
    type: Literal["mine"] = "mine"
    force: float = Field(1.0, ge=0)

class Mine(Strategy):
    Options = MineOptions

class Wrong(nn.Module):
    Options = int

class Other:
    def close(self): ...

def factory(*, features, outputs, **given) -> nn.Module:
    return nn.Linear(features, outputs)

def unsaid(*, features, outputs):
    return nn.Linear(features, outputs)

NUMBER = 5
"""


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_strategies_of_mine.py").write_text(textwrap.dedent(OWN_MODULE), encoding="utf-8")
    (tmp_path / "own_broken.py").write_text("1 / 0", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("own_module")
def test_a_class_of_ones_own_is_imported_and_its_options_are_checked(load_with: Any) -> None:
    name = "own_strategies_of_mine:Mine"
    config = load_with(strategies=f"[{{type: '{name}', force: 2}}]")
    assert (config.strategies[0].type, config.strategies[0].force) == (name, 2.0)
    (problem,) = problems(load_with, strategies=f"[{{type: '{name}', force: -2}}]")
    assert problem.message == "expected a number ≥ 0, got -2"
    (problem,) = problems(load_with, strategies=f"[{{type: '{name}', forze: 2}}]")
    assert problem.suggestion == "force"


@pytest.mark.usefixtures("own_module")
def test_a_factory_without_options_gets_the_keys_as_they_are(load_with: Any) -> None:
    config = load_with(model="{type: 'own_strategies_of_mine:factory', depth: 3, width: {a: 1}}")
    assert config.model.model_extra == {"depth": 3, "width": {"a": 1}}


@pytest.mark.usefixtures("own_module")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere_at_all:X", "No module named 'nowhere_at_all'; install it"),
        ("own_strategies_of_mine:X", "has no attribute 'X'"),
        ("own_strategies_of_mine:NUMBER", "NUMBER is a int, not a class or a function"),
        ("own_strategies_of_mine:Wrong", "its Options is not a subclass of"),
        ("own_strategies_of_mine:Other", "Other is no subclass of torch.nn.modules.module.Module"),
        ("own_strategies_of_mine:unsaid", "unsaid does not say what it returns (-> Module)"),
        ("own_broken:X", "ZeroDivisionError: division by zero"),
        ("os:system", "os is a module of Python itself; name a class in a module of your own"),
        ("builtins:exec", "builtins is a module of Python itself"),
        (":X", "ValueError: Empty module name"),
    ],
)
def test_a_class_that_cannot_be_imported_is_a_mistake_with_the_reason(
    load_with: Any, name: str, reason: str
) -> None:
    (problem,) = problems(load_with, model=f"{{type: '{name}'}}")
    assert problem.path == ("model", "type")
    assert problem.message.startswith(f"cannot use {name}: ")
    assert reason in problem.message


def refused_or_loaded(load: Any, text: str) -> None:
    with suppress(ConfigError):
        load(text)


@given(st.text())
def test_any_text_is_loaded_or_refused(load: Any, text: str) -> None:
    refused_or_loaded(load, text)


@given(st.text(alphabet="{}[]:,-?&*!|>'\"%@`#$~ \n\tab01."))
def test_any_mixture_of_signs_is_loaded_or_refused(load: Any, text: str) -> None:
    refused_or_loaded(load, text)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.just("type"), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = tuple(Config.model_fields)
TYPES = ("kafka", "json", "mlp", "adam", "replay", "class", "field", "file")


@given(st.dictionaries(st.sampled_from(KEYS), VALUES | st.builds(dict, type=st.sampled_from(TYPES)), max_size=6))
def test_any_values_in_any_section_are_loaded_or_refused(load: Any, sections: dict[str, Any]) -> None:
    refused_or_loaded(load, json.dumps(sections))  # YAML is a superset of JSON
