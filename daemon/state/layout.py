"""Which form every component of a state has, and how one of an earlier form becomes one of today's.

A component is a part of the state that has a version of its own. Whoever changes what a component's
``state_dict`` returns gives it a new version here, and writes the migration from the one before;
``tests/daemon/state/golden`` gets a state that was written before the change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from daemon.state.state_error import StateError
from daemon.state.whose_rows import note_whose_rows_are
from strategies.provenance import SEVERAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

State = dict[str, Any]

_WHOLE = re.compile(r"^(-?(?:0|[1-9][0-9]*))\.0+$")

LAYOUT: Final[Mapping[str, int]] = {
    "pipeline": 2,
    "targets": 1,
    "intake": 5,
    "main_learner": 6,
    "later_labels": 2,
    "companions": 4,
    "committee": 4,
    "intervals": 2,
    "anomalies": 1,
    "estimate": 1,
    "answered": 1,
    "waiting_places": 1,
    "learner": 3,
    "source": 2,
    "file_source": 2,
    "predictions": 2,
    "dead_letters": 1,
}
"""The version of every component that this program writes."""

FIRST: Final[Mapping[str, int]] = dict.fromkeys(LAYOUT, 1)
"""What a manifest without versions was written with."""


@dataclass(frozen=True, slots=True)
class Migration:
    """Brings a component from one version to the next."""

    component: str
    version: int
    """The one that it comes from."""
    apply: Callable[[State], None]
    """Changes a whole state, in place."""


def require_known(layout: Mapping[str, int], *, release: str) -> None:
    """Raise ``StateError`` where a component is of a version that only a later release knows."""
    newer = {name: version for name, version in layout.items() if version > LAYOUT.get(name, 0)}
    if newer:
        names = ", ".join(f"{name} {version}" for name, version in sorted(newer.items()))
        raise StateError(
            f"the state was written by retaind {release}, and this release does not know the layout of its {names};"
            " run that release, or roll back to a generation that this one wrote"
        )


def behind(layout: Mapping[str, int]) -> dict[str, int]:
    """Return the components that a state has in an earlier version, with that version.

    >>> behind({**LAYOUT, "learner": 1})
    {'learner': 1}
    """
    return {name: layout.get(name, 1) for name, today in LAYOUT.items() if layout.get(name, 1) < today}


def migrated(state: State, layout: Mapping[str, int]) -> State:
    """Return the state in the layout of today; one of an earlier layout is changed in place."""
    for migration in MIGRATIONS:
        if layout.get(migration.component, 1) <= migration.version:
            for each in _each_target(state):
                migration.apply(each)
    return state


def _each_target(state: State) -> Iterator[State]:
    """Yield the state as that of one label: of several targets once for each, and what it becomes is taken over."""
    targets: State = state.get("pipeline", {}).get("targets", {})
    if not targets:
        yield state
    for target, pipeline in list(targets.items()):
        one = {**state, "pipeline": pipeline}
        yield one
        targets[target] = one.pop("pipeline")
        state.update(one)


def _name_the_main_learner(state: State) -> None:
    """Version 1 of pipeline, main learner and companions: a student with an examiner, and each part by itself."""
    pipeline = state["pipeline"]
    student = pipeline.pop("student")
    pipeline["drifted"] = student.get("drifted", False)
    pipeline["main_learner"] = _main_learner(student) if student else {}


def _main_learner(student: State) -> State:
    companions = student["companions"]
    return {
        "scored": _scored(student),
        **{name: student[name] for name in ("probes", "no_change", "block")},
        "companions": {
            "blocks": companions["blocks"],
            "by_name": {name: _companion(each) for name, each in companions["by_name"].items()},
        },
        "committee": {},
        **{name: student[name] for name in ("events", "alarms", "known_classes", "task", "time")},
    }


def _companion(companion: State) -> State:
    stopped = {"stopped": companion["stopped"]} if "stopped" in companion else {}
    return {"scored": _scored(companion)} | stopped


def _scored(learner: State) -> State:
    return {
        "learner": learner["learner"],
        "step_budget": learner["training"],
        "evaluator": learner["examiner"],
        "prequential": learner["prequential"],
        "pre_drift_weights": learner["snapshots"],
    }


def _change_the_members(state: State) -> None:
    """Version 1 of the committee: 512 rows to look among, of which the latest 256 stay; no slopes, no retention."""
    main = state["pipeline"]["main_learner"]
    committee = main["committee"] if main else {}
    if not committee:
        return
    committee["matrix"] = {}
    members = committee["committee"]["members"]
    if "neighbours" in members:
        weights = np.asarray(members["closed_form"]["logistic"])
        members["closed_form"]["logistic"] = {"weights": weights, "slope": np.zeros_like(weights)}
        neighbours = members["neighbours"]
        seen = neighbours["seen"]
        events = np.arange(max(0, seen - 256), seen)
        for name, missing in (("rows", 0.0), ("lengths", np.inf), ("labels", 0)):
            before = np.asarray(neighbours[name])
            after = np.full_like(before[:256], missing)
            after[events % 256] = before[events % 512]
            neighbours[name] = after


def _settle_the_scales(state: State) -> None:
    """Version 1 of the learner: running scales that were their sums."""
    from strategies.scaler import state_of_sums  # noqa: PLC0415 - it imports torch, which only old states need

    for learner in _learners(state):
        for part in (learner, learner["objective"]):
            if part.get("scaler"):
                part["scaler"] = state_of_sums(part["scaler"])


def _tell_what_is_remembered(state: State) -> None:
    """Version 1 of the learner: rows of float16 as they came, outputs as the model gave them, of all classes.

    They stay as they are stored: offset 0 and scale 1 for rows, and for the outputs of a number the scale that the
    target had when the state was written, since that of each row's own time is not known any more. What classes
    were known, the main learner knows.
    """
    main = state["pipeline"]["main_learner"]
    known = main["known_classes"] if main else 0
    for part in _within(state["pipeline"]):
        if part.keys() >= {"form", "y", "provenance"}:
            part["code"] = _plain_code(part) if part["form"]["precision"] == "float16" else {}
            part["said"] = {}
        elif part.keys() >= {"objective", "strategies"}:
            for strategy in part["strategies"].values():
                _tell_of_outputs(strategy, units=_units(part["objective"]), known=known)


def _tell_of_outputs(strategy: State, *, units: list[float], known: int) -> None:
    if "memory" in strategy:
        storage = strategy["memory"]["storage"]
        numbers = not storage["form"]["classification"]
        strategy["known"] = storage["form"]["outputs"] if numbers else known
        if numbers and storage["form"]["outputs"]:
            zero, one = units or [0.0, 1.0]
            storage["said"] = {"rows": len(storage["y"]), "offset": np.array([zero]), "scale": np.array([one])}
    if "teacher" in strategy:
        strategy["units"] = units


def _plain_code(storage: State) -> State:
    features = storage["form"]["features"]
    return {"rows": len(storage["y"]), "offset": np.zeros(features), "scale": np.ones(features)}


def _units(objective: State) -> list[float]:
    """Return offset and scale of a target that is standardised, none of any other."""
    if not objective.get("scaler"):
        return []
    from strategies.objective import Regression  # noqa: PLC0415 - it imports torch, which only old states need

    target = Regression(standardise=True)
    target.load_state_dict(objective)
    assert target.units is not None
    return [target.units.zero, target.units.one]


def _within(state: State) -> Iterator[State]:
    """Yield the mappings within a state, those that hold others first."""
    yield state
    for part in state.values():
        if isinstance(part, dict):
            yield from _within(part)


def _learners(state: State) -> Iterator[State]:
    """Yield the state of the main learner, and that of every companion."""
    main = state["pipeline"]["main_learner"]
    if main:
        yield main["scored"]["learner"]
        yield from (companion["scored"]["learner"] for companion in main["companions"]["by_name"].values())


def _let_tasks_make_room(state: State) -> None:
    """Version 1 of the intake: tasks that kept their places for ever, and nobody noted when one was seen."""
    names = state["pipeline"]["intake"]["tasks"]["names"]
    codes = list(range(len(names["names"])))
    names |= {"segment": codes, "last_seen": [0] * len(codes), "rows": 0, "retired": 0, "unheard": []}


def _read_values_as_meant(state: State) -> None:
    """Version 2 of the intake: a decoder that filled gaps itself, for all keys together, and rows from no origin.

    What filled gaps goes on for rows without a key. In a format without types 7.0 is 7 now, as a class and a task.
    """
    intake = state["pipeline"]["intake"]
    decoder = intake["decoder"]
    intake["imputer"] = _imputer_of(decoder.pop("missing", {}))
    intake["first"] = {}
    intake["origins"] = {"chosen": bool(intake["features"] or state["pipeline"]["reference"]), "of": {}}
    if "fields" in decoder:
        decoder["left_out"] = {}
    decoder["times"] = {}
    if "period" in intake["tasks"]:
        begun = intake["tasks"]["first"] is not None
        places = [intake["tasks"]["period"]] if begun else []
        intake["tasks"]["jumps"] = {"places": places, "candidates": [], "forward": [], "stride": 0}
    if "columns" in decoder:
        decoder["layouts"] = []
        for names in (intake["labels"], intake["tasks"]["names"]):
            if "names" in names:
                names["names"] = _untyped(names["names"])


def _imputer_of(gaps: State) -> State:
    if "carry" not in gaps:
        return {}
    carry, count = np.asarray(gaps["carry"]), np.asarray(gaps["count"])
    keys = {"bytes": np.zeros(0, dtype=np.uint8), "lengths": np.array([-1], dtype=np.int64)}
    filled = {"keys": keys, "carry": carry[np.newaxis]}
    if not count.any():
        return {"policy": "last", **filled}
    return {"policy": "mean", **filled, "count": count[np.newaxis], "all": np.stack([carry, count])}


def _untyped(names: list[str]) -> list[str]:
    """Return names as they are called now; where two would be one, all stay as they are."""
    renamed = [_WHOLE.sub(r"\1", name) for name in names]
    return renamed if len(set(renamed)) == len(names) else names


def _let_columns_be_replaced(state: State) -> None:
    """Version 1 of the learner: progressive columns that could not lose their task to another."""
    for learner in _learners(state):
        network = learner.get("network", {})
        if "newest_column" in network.get("fixed", {}):
            columns = {name.split(".")[1] for name in network["layout"] if name.startswith("columns.")}
            network["fixed"]["task_replaced"] = np.zeros(len(columns), dtype=np.bool_)


def _compare_on_the_same_rows(state: State) -> None:
    """Version 2 of the main learner: no rows by age, no numbers of probe rows, scores without answers."""
    main = state["pipeline"]["main_learner"]
    if not main:
        return
    probes, offered = main["probes"], 0
    for rows in probes["sets"].values():
        rows["number"] = np.arange(offered, offered + len(rows["x"]), dtype=np.int64)
        offered += len(rows["x"])
    probes["offered"] = offered
    main["aged"] = {}
    now = main["scored"]["evaluator"]["matrix"]["rows"]["events"]
    main["interleaving"] = {"since": int(now[-1]) if len(now) else 0, "tasks": []}
    _let_scores_remember_rows(main["scored"]["evaluator"]["matrix"])
    if main["committee"] and main["committee"]["matrix"]:
        _let_scores_remember_rows(main["committee"]["matrix"])


def _count_by_class(state: State) -> None:
    """Version 3 of the main learner: what was said was not counted class by class."""
    main = state["pipeline"]["main_learner"]
    if main:
        main["by_class"] = {"counts": np.zeros((0, 3), dtype=np.int64)}


def _compare_companions_on_the_same_rows(state: State) -> None:
    """Version 2 of the companions: scores without what was said of each row."""
    main = state["pipeline"]["main_learner"]
    for companion in main["companions"]["by_name"].values() if main else ():
        _let_scores_remember_rows(companion["scored"]["evaluator"]["matrix"])


def _let_scores_remember_rows(matrix: State) -> None:
    matrix["same_rows"] = {"first": {}, "best": {}}
    for name in ("gained", "lost", "error"):
        matrix["of_task"][name] = np.full(len(matrix["learned_at"]), np.nan)


def _mark_what_is_gathered(state: State) -> None:
    """Version 1 of the learner: methods did not know which of what they gathered came before a drift alarm.

    All that was gathered counts as from before the next one.
    """
    for learner in _learners(state):
        for method in learner.get("strategies", {}).values():
            if "consolidations" not in method:
                continue
            method["marked"] = [method["events"], method["events"]]
            if "sample" in method:
                method["sample"]["number"] = np.zeros(method["sample"]["admission"]["filled"], dtype=np.int64)
            if "path" in method:
                path = method["path"]
                method["marked_paths"] = [path, path] if len(path) else []


_WITH_ESTIMATES = 4
"""What is known of a unit since some are estimates."""


def _remember_what_columns_were(state: State) -> None:
    """Version 2 of the learner: running scales that knew no habits of a column, and no units by estimate."""
    for learner in _learners(state):
        for part in (learner, learner["objective"]):
            scaler = part.get("scaler") or {}
            units = np.asarray(scaler["units"]) if scaler else np.zeros((0, _WITH_ESTIMATES))
            # A scaler that has come from version 1 is in the form of today.
            if units.shape[1] < _WITH_ESTIMATES:
                scaler["units"] = np.concatenate((units, np.zeros((len(units), 1))), axis=1)
            if "watch_suspected" in scaler:
                columns = len(scaler["shift"])
                scaler["watch_furthest"], scaler["watch_far"] = np.asarray(scaler["watch_far"])
                scaler["watch_outliers"] = np.asarray(scaler.pop("watch_suspected"), dtype=np.float64)
                scaler["watch_new_starts"] = np.asarray(scaler["watch_new_starts"], dtype=np.float64)
                scaler["watch_past"] = np.zeros((13, columns))
                scaler["watch_is_noise"] = np.zeros(columns, dtype=np.uint8)
                scaler["watch_by_estimate"] = np.zeros(columns, dtype=np.int64)


def _let_files_be_known(state: State) -> None:
    """Version 1 of the file source: how many files were read, and where it stood in the next one."""
    source = state["source"]
    if source.keys() == {"offset", "file", "record", "path"}:
        former = {name: source[name] for name in ("file", "record", "path")}
        state["source"] = {"offset": source["offset"], "files": [], "former": former}


def _let_the_file_be_known(state: State) -> None:
    """Version 1 of the predictions: how long their file was, and not which file it was."""
    if state.get("predictions", {}).keys() == {"bytes"}:
        state["predictions"] |= {"path": None, "inode": None, "fingerprint": None}


def _leave_the_model_unnamed(state: State) -> None:
    """Version 1 of the source: models that had no name in what they commit; Kafka's draws one now."""
    if "partitions" in state["source"]:
        state["source"]["identity"] = None


def _ask_for_what_is_remembered(state: State) -> None:
    """Version 2 of the committee: whom to believe about rows without a past was not learned apart; it begins."""
    main = state["pipeline"]["main_learner"]
    if main and main["committee"]:
        main["committee"] |= {"recollection": {}}
        main["committee"]["committee"]["recall"] = {}


def _begin_a_budget(state: State) -> None:
    """Version 5 of the main learner: nothing held it to a retention budget."""
    main = state["pipeline"]["main_learner"]
    if main:
        main["budget"] = {}


def _say_of_no_name_whose_it_is(state: State) -> None:
    """Version 4 of the intake: nobody noted who has brought the names of classes and categories; they stay."""
    intake = state["pipeline"]["intake"]
    for names in (intake["labels"], *intake.get("categories", {}).values()):
        known = names.get("names", names.get("known"))
        if known is not None:
            names["whose"] = [SEVERAL] * len(known)


MIGRATIONS: Final = (
    Migration("pipeline", 1, _name_the_main_learner),
    Migration("committee", 1, _change_the_members),
    Migration("learner", 1, _settle_the_scales),
    Migration("learner", 1, _tell_what_is_remembered),
    Migration("intake", 1, _let_tasks_make_room),
    Migration("intake", 2, _read_values_as_meant),
    Migration("learner", 1, _let_columns_be_replaced),
    Migration("main_learner", 2, _compare_on_the_same_rows),
    Migration("companions", 2, _compare_companions_on_the_same_rows),
    Migration("learner", 1, _mark_what_is_gathered),
    Migration("learner", 2, _remember_what_columns_were),
    Migration("file_source", 1, _let_files_be_known),
    Migration("predictions", 1, _let_the_file_be_known),
    Migration("source", 1, _leave_the_model_unnamed),
    Migration("main_learner", 3, _count_by_class),
    Migration("committee", 2, _ask_for_what_is_remembered),
    Migration("main_learner", 4, note_whose_rows_are),
    Migration("main_learner", 5, _begin_a_budget),
    Migration("intake", 4, _say_of_no_name_whose_it_is),
)
"""In the order in which they are applied. The first one is for main learner and companions too,
``note_whose_rows_are`` for all components that were given a version with it."""
