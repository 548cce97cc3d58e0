import pytest

from neurofit.errors import UnknownNameError
from neurofit.registry import Registry


def test_a_name_is_taken_once():
    choices = Registry("choice")
    choices.register("one")(1)
    with pytest.raises(ValueError, match="already a choice called 'one'"):
        choices.register("one")(2)
    assert dict(choices) == {"one": 1}


def test_an_empty_registry_says_so():
    with pytest.raises(UnknownNameError, match="There is: none"):
        Registry("choice")["anything"]
