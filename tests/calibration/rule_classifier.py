"""Is the learning rule of a network told from its observables, and of an architecture not learned from?

    python tests/calibration/rule_classifier.py

writes docs/tables/rule_classifier.csv (four minutes on one free core). Networks learn digits by one of four
rules. Sizes of layers and learning rates vary, and each rule gets the same ones, so that they tell nothing.
Two sets of rules: four with one optimizer, and those nearest to the four of Nayebi et al. 2020 (gradient
descent, Adam, feedback alignment, information alignment, for whose kin Kolen-Pollack stands), where Adam has
to have rates of its own. Labels shuffled over networks must give chance; splits of samples show what it does
to have networks on both sides: then even shuffled labels are told.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from sklearn.neighbors import KNeighborsClassifier
from tables import write

import neurofit
from neurofit import nets, parallel
from neurofit.plasticity.classifier import RuleClassifier, observables

TABLE = Path(__file__).parents[2] / "docs" / "tables" / "rule_classifier.csv"
RULES: dict[str, dict[str, Any]] = {
    "backprop": {"rule": "backprop"},
    "feedback_alignment": {"rule": "feedback_alignment"},
    "kolen_pollack": {"rule": "kolen_pollack"},
    "node_perturbation": {"rule": "node_perturbation"},
    "adam": {"rule": "backprop", "optimizer": "adam"},
}
RATES = {"sgd": (0.03, 0.3), "adam": (0.0003, 0.003)}
SETS = {
    "one optimizer": ("backprop", "feedback_alignment", "kolen_pollack", "node_perturbation"),
    "Nayebi et al.": ("backprop", "adam", "feedback_alignment", "kolen_pollack"),
}
NETWORKS = {"mlp": 50, "conv": 24}
STEPS = 200
SEED = 0


class Case(NamedTuple):
    """One network: by which rule it learns, and which of the sizes and rates it has."""

    rule: str
    architecture: str
    number: int


def of_network(case: Case) -> tuple[xr.DataArray, xr.DataArray]:
    """Observables of one network, as a whole and in four windows.

    Networks of one number have the same sizes and the same rate, whatever the rule.
    """
    rng = np.random.default_rng([SEED, case.number])
    first, second = (int(size) for size in rng.integers(24, 97, 2))
    options = {
        "mlp": {"name": "mlp", "hidden": [first, second]},
        "conv": {"name": "conv", "channels": [first // 6, second // 6], "hidden": first},
    }
    chosen = {"optimizer": "sgd", **RULES[case.rule]}
    low, high = RATES[chosen["optimizer"]]
    share = rng.uniform()
    network = nets.train(
        "digits",
        architecture=options[case.architecture],
        steps=STEPS,
        learning_rate=low * (high / low) ** share,
        rng=np.random.default_rng([SEED, case.number, list(RULES).index(case.rule)]),
        progress=False,
        **chosen,
    )
    labels = {"rule": case.rule, "architecture": case.architecture, "task": "digits"}
    labels["group"] = f"{case.architecture} {case.rule} {case.number}"
    told = {"first": first, "second": second, "rate": share}
    whole, parts = (
        observables(network.trajectory, points=points, windows=windows, labels=labels)
        for points, windows in ((10, 1), (5, 4))
    )
    return with_coords(whole, told), with_coords(parts, told)


def with_coords(found: xr.DataArray, told: dict[str, float]) -> xr.DataArray:
    """With what is known of the network; its attributes, which tell its seed, are not those of a bank."""
    samples = found.sizes["sample"]
    return found.assign_coords({name: ("sample", [one] * samples) for name, one in told.items()}).drop_attrs()


def banks(
    rules: tuple[str, ...], networks: dict[str, int], *, workers: int | None = None, progress: bool = False
) -> tuple[xr.DataArray, xr.DataArray]:
    """Observables of so many networks of each architecture for each rule, as a whole and in windows."""
    cases = [
        Case(rule, kind, at) for kind, count in networks.items() for rule in rules for at in range(count)
    ]
    made = parallel.apply(of_network, cases, workers=workers, progress=progress, description="networks")
    whole, parts = (xr.concat(found, "sample") for found in zip(*made, strict=True))
    return whole, parts


def shuffled(observables: xr.DataArray) -> xr.DataArray:
    """With the rules of networks permuted: samples of a network keep one label, which means nothing."""
    names, first, of = np.unique(observables.group, return_index=True, return_inverse=True)
    rules = observables.rule.values[first][np.random.default_rng(SEED).permutation(len(names))]
    return observables.assign_coords(rule=("sample", rules[of]))


def sizes_and_rates(observables: xr.DataArray) -> np.ndarray:
    """What must not tell the rule: (sample, 3)."""
    return np.stack([observables[one].values for one in ("first", "second", "rate")], axis=1)


def held_out(
    X: np.ndarray | xr.DataArray, observables: xr.DataArray, *, split="networks", model=None
) -> xr.Dataset:
    """How well rules are told of what was held out: networks, or samples whatever the network."""
    groups = observables.group.values if split == "networks" else None
    X, rules = np.asarray(X), observables.rule.values
    return RuleClassifier(model, random_state=SEED).fit(X, rules, groups=groups).held_out_


def row(name: str, whole: xr.DataArray, parts: xr.DataArray) -> dict[str, object]:
    """One line of the table."""
    rules = SETS[name]
    whole, parts = (one.isel(sample=np.isin(one.rule, rules)) for one in (whole, parts))
    mlp, parts = (one.isel(sample=(one.architecture == "mlp").values) for one in (whole, parts))
    classifier = RuleClassifier(random_state=SEED).fit(whole)
    transfer, held = classifier.transfer_, held_out(mlp, mlp)
    kinds = classifier.importance(by="kind").importance
    none, nearest = shuffled(parts), KNeighborsClassifier(1)
    return {
        "rules": f"{name}: {', '.join(rules)}",
        "networks": ", ".join(f"{4 * count} {kind}" for kind, count in NETWORKS.items()),
        "mlp": with_interval(held.accuracy, held.interval),
        "mlp, whole networks": with_interval(held.network_accuracy, held.network_interval),
        "calibration error": f"{float(held.calibration_error):.3f}",
        "before calibration": f"{float(held.raw_calibration_error):.3f}",
        **{f"{kind} from others": row_of(transfer, kind, "accuracy", "interval") for kind in NETWORKS},
        **{f"{kind} from its own": row_of(transfer, kind, "within", "within_interval") for kind in NETWORKS},
        **{f"{kind} from both": row_of(transfer, kind, "included", "included_interval") for kind in NETWORKS},
        "unseen": transfer.attrs["verdict"],
        "lost without": ", ".join(f"{kind} {float(kinds.sel(kind=kind)):.2f}" for kind in kinds.kind.values),
        "sizes and rates alone": share(held_out(sizes_and_rates(mlp), mlp)),
        "shuffled": share(held_out(mlp, shuffled(mlp))),
        "shuffled windows": share(held_out(none, none, model=nearest)),
        "shuffled windows, samples split": share(held_out(none, none, split="samples", model=nearest)),
        "seed": SEED,
        "version": neurofit.__version__,
    }


def row_of(transfer: xr.Dataset, kind: str, value: str, interval: str) -> str:
    """Accuracy on one architecture, as text."""
    one = transfer.sel(architecture=kind)
    return with_interval(one[value], one[interval])


def share(held: xr.Dataset) -> str:
    """Accuracy as text."""
    return f"{float(held.accuracy):.2f}"


def with_interval(value: xr.DataArray, interval: xr.DataArray) -> str:
    """A share and its interval, as text."""
    low, high = interval.values
    return f"{float(value):.2f} ({low:.2f} to {high:.2f})"


def main() -> None:
    """Make the table."""
    whole, parts = banks(tuple(RULES), NETWORKS, progress=True)
    rows = [row(name, whole, parts) for name in SETS]
    write(TABLE, rows)


if __name__ == "__main__":
    main()
