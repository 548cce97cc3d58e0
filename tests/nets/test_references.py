"""A source is cited in the same words everywhere; an entry of a registry cites what its docstring does."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

import neurofit
from neurofit import nets

ROOT = Path(neurofit.__file__).parent
SOURCES = [path for room in ("nets", "worlds") for path in sorted((ROOT / room).rglob("*.py"))]
CITATION = re.compile(r"(?P<who>[^\W\d_][^0-9\n]*?) (?P<year>(?:19|20)\d\d), \S")
REGISTRIES = {
    "rule": nets.rules,
    "objective": nets.objectives,
    "task": nets.tasks,
    "environment": nets.environments,
    "agent rule": nets.agent_rules,
}
GIVEN = {"world"}  # what is given in full has no source
# They cite what their parts do.
MADE_OF_PARTS = {"weighted", "by_layer", "schedule", "own_failures", "risk", "local_readout"}
VARIANTS = {"dendritic_error"}  # each variant cites its own source


def words(text):
    return " ".join(text.split())


def listed(docstring):
    """The entries of a docstring's References: a line each, or two where the second holds the rest."""
    section = re.search(r"\n *References\n *-+\n(.*?)(?:\n *\n *\w[^\n]*\n *-+\n|\Z)", docstring, re.DOTALL)
    lines = [line.strip() for line in section[1].splitlines() if line.strip()] if section else []
    return re.split(r"\n(?!doi:|arXiv:)", "\n".join(lines)) if lines else []


def cited(path):
    """All citations in a file: entries of References, and texts that are nothing but a citation."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from listed(node.value) or ([node.value] if CITATION.match(node.value) else [])


def test_the_same_source_is_cited_in_the_same_words():
    spellings = defaultdict(set)
    for path in SOURCES:
        for citation in map(words, cited(path)):
            found = CITATION.match(citation)
            assert found, f"{path.name} cites {citation!r}, which does not begin with authors and year"
            spellings[re.split(r"[ ,]", found["who"])[0], found["year"]].add(citation)
    assert len(spellings) > 50
    assert {key: several for key, several in spellings.items() if len(several) > 1} == {}


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind, registry in REGISTRIES.items() for name in registry if name not in GIVEN],
)
def test_what_an_entry_cites_its_docstring_does(kind, name):
    make = REGISTRIES[kind][name]
    said, made = [words(entry) for entry in listed(make.__doc__)], make()
    if name in MADE_OF_PARTS:
        assert set(said) <= set(made.references)
    elif name in VARIANTS:
        assert set(made.references) <= set(said)
    else:
        assert sorted(made.references) == sorted(said)
