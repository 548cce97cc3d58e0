"""Sphinx configuration."""

from pathlib import Path

import neurofit

project = "neurofit"
author = "the neurofit developers"
version = release = neurofit.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_nb",
]
html_theme = "furo"
html_title = "neurofit"
exclude_patterns = ["_build", "jupyter_execute"]

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "auto"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True
suppress_warnings = ["mystnb.unknown_mime_type"]

add_module_names = False

CHOICES = {
    "nets.tasks": "Tasks",
    "nets.architectures": "Architectures",
    "nets.objectives": "Objectives",
    "nets.rules": "Learning rules",
    "nets.targets": "Targets of learning rules",
    "nets.constraints": "Constraints of weights",
    "nets.environments": "Environments of agents",
    "nets.agent_rules": "Learning rules of agents",
    "nets.drives": "Drives of agents",
}


def write_choices(app):
    """Write the page of all that can be chosen by name, from the registries themselves."""
    lines = [
        "# All choices",
        "",
        "What networks and agents are made of, by name. Options are keywords of the choice.",
    ]
    for path, title in CHOICES.items():
        room, name = path.split(".")
        lines += ["", f"## {title}: `{path}`", "", "```{eval-rst}"]
        for entry in getattr(getattr(neurofit, room), name).values():
            lines.append(f".. autofunction:: {entry.__module__}.{entry.__qualname__}")
        lines.append("```")
    text = "\n".join(lines) + "\n"
    page = Path(app.srcdir) / "choices.md"
    if not page.exists() or page.read_text() != text:
        page.write_text(text)


def setup(app):
    """Called by Sphinx."""
    app.connect("builder-inited", write_choices)
