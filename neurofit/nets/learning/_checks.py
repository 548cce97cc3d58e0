"""Checks of the options of learning rules."""

from __future__ import annotations

from ...errors import TrainingError


def positive(rule: str, **options: float) -> None:
    """Raise where an option is not above 0."""
    wrong = [f"{name} is {value}" for name, value in options.items() if not value > 0]
    if wrong:
        raise TrainingError(f"options of rule {rule!r} have to be above 0, and {', '.join(wrong)}")
