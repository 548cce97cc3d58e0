"""Results with their names and units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ...names import ALTERNATIVE, BOUND, BOUNDS, FEATURE, GROUP, NETWORK, RULE, SAMPLE
from ...provenance import label
from ._calibrate import calibration_error, temperature, tempered
from ._held_out import Bank, accuracy, pooled
from ._inputs import texts

if TYPE_CHECKING:
    from ._held_out import Numbers

CANNOT_TELL = "cannot tell"


def said(values: object, long_name: str, *dims: str) -> xr.DataArray:
    """Numbers without units, or texts, that say what they are."""
    return label(xr.DataArray(np.asarray(values), dims=dims), units="1", long_name=long_name)


def held_out_of(log_probability: Numbers, bank: Bank, fold: Numbers, rules: Numbers) -> xr.Dataset:
    """What held-out networks say of a classifier: accuracy, confusion, calibration."""
    right = log_probability.argmax(axis=1) == bank.codes
    codes = np.array([bank.codes[bank.groups == at][0] for at in range(bank.groups.max() + 1)])
    right_networks = pooled(log_probability, bank.groups).argmax(axis=1) == codes
    sample, network = accuracy(right, bank.groups), accuracy(right_networks, np.arange(len(codes)))
    answers = np.eye(len(rules))[log_probability.argmax(axis=1)]
    confusion = [answers[bank.codes == rule].mean(axis=0) for rule in range(len(rules))]
    apart = np.zeros_like(log_probability)
    for number in np.unique(fold):
        out = fold == number
        apart[out] = tempered(log_probability[out], temperature(log_probability[~out], bank.codes[~out]))
    raw = calibration_error(np.exp(log_probability), bank.codes)
    interval = "95 % interval over networks"
    return xr.Dataset(
        {
            "accuracy": said(sample.value, "share of samples of held-out networks that are told right"),
            "interval": said(sample.interval, interval, BOUND),
            "network_accuracy": said(network.value, "share of held-out networks that are told right"),
            "network_interval": said(network.interval, interval, BOUND),
            "chance": said(bank.chance, "share of the commonest rule"),
            "confusion": said(confusion, "share of a rule's samples that get each answer", RULE, ALTERNATIVE),
            "calibration_error": said(
                calibration_error(apart, bank.codes), "mean distance of sureness from accuracy, calibrated"
            ),
            "raw_calibration_error": said(raw, "mean distance of sureness from accuracy, not calibrated"),
        },
        {BOUND: list(BOUNDS), RULE: rules, ALTERNATIVE: rules},
    )


def answers_of(
    log_probability: Numbers, temperature: float, observables: xr.DataArray, rules: Numbers, tells: Numbers
) -> xr.Dataset:
    """Answers for samples, and for the networks that they are from, where ``tells`` (sample,) allows them."""
    probability = tempered(log_probability, temperature)
    arrays = {
        "answer": said(_answers(probability, rules, tells), "rule that made the sample", SAMPLE),
        "probability": said(probability, "probability of the rule, if it is one of these", SAMPLE, RULE),
    }
    coords = {
        name: coord.variable
        for name, coord in observables.coords.items()
        if FEATURE not in coord.dims and name not in {RULE, NETWORK}
    }
    group = texts(observables, GROUP)
    if group is not None:
        networks, numbers = np.unique(group, return_inverse=True)
        of_network = tempered(pooled(log_probability, numbers), temperature)
        sure = np.bincount(numbers, ~tells) == 0
        text = "rule that made the network"
        arrays["network_answer"] = said(_answers(of_network, rules, sure), text, NETWORK)
        text = "probability of the rule, from the mean over the network's samples"
        arrays["network_probability"] = said(of_network, text, NETWORK, RULE)
        coords[NETWORK] = xr.Variable(NETWORK, networks)
    return xr.Dataset(arrays, {**coords, RULE: rules})


def _answers(probability: Numbers, rules: Numbers, tells: Numbers) -> Numbers:
    return np.where(tells, rules[probability.argmax(axis=1)].astype(str), CANNOT_TELL)
