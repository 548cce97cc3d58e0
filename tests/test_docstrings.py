"""The examples in the docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

import neurofit

MODULES = sorted(found.name for found in pkgutil.walk_packages(neurofit.__path__, "neurofit."))


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
