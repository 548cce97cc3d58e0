"""Names of what only this room has: the dims and coords of its results."""

FAMILIAR = "familiar"
INPUT = "input"
ALTERNATIVE = "alternative"
WINDOW = "window"
