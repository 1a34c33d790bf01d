"""The workload in pandas, as a person who knows it well writes it: whole columns, days as integers, gathers instead of joins."""

from __future__ import annotations

import importlib
from typing import Any

from hand import AS_OF_US, BASE_DAY, DAY_US, DONE, STEPS, capped, working_days
from workload import BASE_PENALTY, CATEGORIES, OWNER


class Pandas:
    """The tables a person makes once, and the decisions."""

    def __init__(self) -> None:
        self._np: Any = importlib.import_module("numpy")
        self._pd: Any = importlib.import_module("pandas")
        np = self._np
        self._ends = {n: np.array(v) for n, v in working_days().items()}
        self._owners = self._pd.Categorical([o for k in CATEGORIES for o in OWNER[k]])
        self._cells = {k: i * 4 for i, k in enumerate(CATEGORIES)}
        self._amounts = np.array([0] * 8 + [capped(BASE_PENALTY[s], r) for s in (1, 2, 3, 4) for r in (False, True)], dtype=np.int32)

    def read(self, path: Any) -> Any:
        """The complaints of a Parquet file; the columns nobody reads left out."""
        columns = ["received_at", *DONE, "channel", "category", "region", "amount_claimed", "affected_customers", "repeat_count"]
        return self._pd.read_parquet(path, columns=[*columns, "media_exposure", "injury", "regulator_involved"])

    def decisions(self, frame: Any) -> Any:
        """The decisions, with ``breached``; a row without ``received_at`` has codes of no meaning."""
        np, pd = self._np, self._pd
        amount, affected, repeat = (frame[name].to_numpy() for name in ("amount_claimed", "affected_customers", "repeat_count"))
        injury, media, regulator = (frame[name].to_numpy() for name in ("injury", "media_exposure", "regulator_involved"))
        channel = frame["channel"]
        # A comparison with NaN is False: a missing amount is in no level's rule.
        critical = injury | (regulator & (amount >= 50000)) | (affected >= 1000)
        high = critical | media | (amount >= 10000) | (affected >= 100)
        medium = high | (repeat >= 3) | (amount >= 1000) | (channel == "regulator").to_numpy() | (channel == "media").to_numpy()
        level = medium.view(np.int8) + high.view(np.int8) + critical.view(np.int8)
        instants = {name: frame[name].to_numpy().astype("datetime64[us]").view(np.int64) for name in ("received_at", *DONE)}
        none = np.iinfo(np.int64).min
        received, closed = instants["received_at"], instants["closed_at"]
        lacking = received == none
        day = received // DAY_US
        i = np.where(lacking, 0, day - BASE_DAY)
        dues = (
            received + DAY_US,
            self._ends[1][i],
            (day + 16 + (frame["region"] == "overseas").to_numpy() * 3) * DAY_US - 1,
            np.where(high, self._ends[15][i], self._ends[7][i]),
            closed + DAY_US,
        )
        states = {}
        breached = np.zeros(len(frame), bool)
        for s, done, due in zip(STEPS, DONE, dues, strict=True):
            unstarted = (closed == none) | lacking if s == "followup" else lacking
            undone = instants[done] == none
            late = (np.where(undone, AS_OF_US, instants[done]) > due) & ~unstarted
            states[f"st_{s}"] = np.where(unstarted, np.int8(-1), late.view(np.int8) + (undone & ~late).view(np.int8) * np.int8(2))
            breached |= late
        cell = np.zeros(len(frame), np.int8)
        category = frame["category"]
        for name, first in self._cells.items():
            cell += (category == name).to_numpy() * np.int8(first)
        return pd.DataFrame(
            {
                "severity": level + np.int8(1),
                "owner": self._owners.take(cell + level),
                **states,
                "penalty": self._amounts[breached * 8 + level * 2 + (repeat >= 3)],
                "breached": breached,
                "decided": ~lacking,
            },
            copy=False,
        )

    def summary(self, frame: Any) -> list[tuple[Any, ...]]:
        """By owner and severity the rows decided, those with a breach, and the sum of the amounts."""
        made = self.decisions(frame)
        groups = made.groupby(["owner", "severity"], observed=True)[["decided", "breached", "penalty"]].sum()
        return [tuple(row) for row in groups.reset_index().itertuples(index=False)]
