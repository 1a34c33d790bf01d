"""What is decided although a cell cannot be read stays decided, and the same, once it can: every possibility agreed on it."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any, Final

import pytest

from complaint_policy.errors import ComplaintPolicyError
from tests.equality.checking import Run, loaded
from tests.equality.policies import draw_policy, features_of
from tests.equality.records import draw_table

UNREADABLE: Final = {
    **dict.fromkeys(("event", "datetime", "date", "instants", "intervals"), "some day"),
    **dict.fromkeys(("integer", "number", "money"), "many"),
    "boolean": "perhaps",
    "enum": "netwrok",
}
DECIDED: Final = ("met", "breached", "not_applicable")
seen: Counter[str] = Counter()


@pytest.mark.parametrize("first", range(910_000, 910_060, 20))
def test_a_cell_that_can_be_read_overturns_nothing(first: int) -> None:
    for seed in range(first, first + 20):
        drawn = draw_policy(seed, features_of(seed))
        # A rule that looks at outcomes may look at whether another one could be decided.
        policy = None if '"outcome"' in str(drawn) else loaded(drawn, Run())
        if policy is None:
            continue
        random, table = Random(seed), draw_table(drawn, policy, seed, 12)
        names = [name for name in table.columns if drawn.fields.get(name, {}).get("type") in UNREADABLE and name != "received_at"]
        for record in table.records if names else ():
            try:
                known: Any = policy.evaluate(record, as_of=table.as_of, source_fields=table.columns)
                name = random.choice(names)
                unread = policy.evaluate({**record, name: UNREADABLE[drawn.fields[name]["type"]]}, as_of=table.as_of, source_fields=table.columns)
            except ComplaintPolicyError:
                continue
            for rule, outcome in unread.outcomes.items():
                # An exemption nobody can tell leaves what is no breach as it stands; so does a slip that is told as such.
                if outcome in DECIDED and rule in known.outcomes and known.outcomes[rule] not in ("exempt", "indeterminate"):
                    period = rule.startswith("RT") and (outcome, known.outcomes[rule]) == ("met", "pending")  # kept so far, begun or not
                    assert outcome == known.outcomes[rule] or period, (seed, record, name, rule, known.outcomes[rule], outcome)
                    seen[outcome] += 1


def test_enough_was_decided() -> None:
    assert all(seen[outcome] > 40 for outcome in DECIDED), seen
