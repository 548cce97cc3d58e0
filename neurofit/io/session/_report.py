"""What was odd about a recording, where, and what was done about it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from ...errors import RecordingError, listing, unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterable

ON_ISSUE = ("flag", "raise", "repair")


@dataclass(frozen=True)
class Entry:
    """One oddity: what it is, in which table, unit or file, which rows it touches, and what was done."""

    issue: str
    where: str
    rows: list[int]
    action: str

    def __str__(self) -> str:
        rows = f", rows {listing(self.rows, limit=8)}" if self.rows else ""
        return f"{self.where}{rows}: {self.issue} ({self.action})"


@dataclass
class Report:
    """Collects what is odd: ``defect`` for what is wrong, ``note`` for what a reader should merely know."""

    on_issue: str = "flag"
    entries: list[Entry] = field(default_factory=list)
    defects: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.on_issue not in ON_ISSUE:
            raise unknown_name("way with issues", self.on_issue, ON_ISSUE)

    @property
    def repairs(self) -> bool:
        """Whether what can be put right without guessing is to be put right."""
        return self.on_issue == "repair"

    def note(self, issue: str, *, where: str, rows: Iterable[int] = (), action: str = "kept") -> Entry:
        """Enter something that is no fault of the recording, such as a column that cannot be held."""
        entry = Entry(issue, where, [int(row) for row in rows], action)
        if entry not in self.entries:  # The same part may be looked at twice.
            self.entries.append(entry)
        return entry

    def defect(self, issue: str, *, where: str, rows: Iterable[int] = (), action: str = "kept") -> None:
        """Enter something that is wrong with the recording."""
        self.defects.append(self.note(issue, where=where, rows=rows, action=action))

    def forget(self, known: int) -> None:
        """Drop what was entered after the first ``known`` entries."""
        self.entries = self.entries[:known]
        self.defects = [entry for entry in self.defects if entry in self.entries]

    def settle(self, source: str) -> None:
        """Raise if there are defects and ``on_issue`` asks for that."""
        if self.on_issue == "raise" and self.defects:
            found = "\n".join(f"  {entry}" for entry in self.defects)
            raise RecordingError(
                f"{source} has defects:\n{found}\non_issue='flag' opens it and reports them."
            )

    def as_json(self) -> str:
        """The entries as text that fits into an attribute."""
        return json.dumps([asdict(entry) for entry in self.entries])
