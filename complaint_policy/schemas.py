"""The JSON Schema (2020-12) of a policy file, assembled from the rooms' closed pieces.

Scalars may be texts, numbers or booleans: the library reads every scalar as text, an editor reads
YAML's own types.  Nothing is a union whose branch must be guessed: ``properties`` speak only of
mappings, ``items`` only of lists, ``pattern`` only of texts.
"""

from __future__ import annotations

from typing import Any, Final

from complaint_policy.counting import CONVENTIONS
from complaint_policy.fields import FIELD_TYPES
from complaint_policy.lengths import MONTH_DAY, MONTH_DAY_FORM, UNIT_KEYS
from complaint_policy.remark_messages import ACCEPTABLE
from complaint_policy.texts import Text

__all__ = ["BASELINE_KEYS", "COMMON", "FORMS", "HOURS_FORM", "ID", "MONTH_DAYS", "assemble", "ref", "rule", "rules", "text_list"]

Schema = dict[str, Any]

ID: Final = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"
_NAME: Final = r"^[A-Za-z_][A-Za-z0-9_]{0,63}$"
HOURS_FORM: Final = "^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$"
_DAY_FORM: Final = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_POLICY: Final = "^[a-z0-9_]+(/[a-z0-9_-]+)*$"
# The patterns in words, for people.
FORMS: Final[dict[str, Text]] = {
    ID: Text("a letter, then letters, digits, - or _", "以字母开头，后接字母、数字、- 或 _"),
    _NAME: Text("letters, digits and _, no digit first", "字母、数字和 _，不以数字开头"),
    "^(period_end|period_start)$": Text("period_end, period_start, or {month_day: [06-01, 12-01]}", "period_end、period_start 或 {month_day: [06-01, 12-01]}"),
    MONTH_DAY_FORM: Text("month and day, as in 08-31", "月-日，例如 08-31"),
    _DAY_FORM: Text("as in 2026-03-01", "例如 2026-03-01"),
    _POLICY: Text("small letters, as in cn/telecom", "小写字母，例如 cn/telecom"),
    "^[0-9]+$": Text("a whole number", "整数"),
    "^[A-Z]{3}$": Text("three capital letters, as in CNY", "三个大写字母，例如 CNY"),
    "^[A-Za-z]{2,3}$": Text("two letters, as in CN", "两个字母，例如 CN"),
    "^[A-Za-z_][A-Za-z0-9_-]*$": Text("letters, digits, - or _, no digit first", "字母、数字、- 或 _，不以数字开头"),
}
_SCALAR: Final[Schema] = {"type": ["string", "number", "boolean"]}


def ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def closed(properties: dict[str, Any], required: tuple[str, ...] = (), **more: Any) -> Schema:
    """A mapping with these keys and no others."""
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False, **more}
    if required:
        schema["required"] = list(required)
    return schema


def listed(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


def text_list() -> Schema:
    """A list of words, or one word."""
    return {"type": ["string", "array"], "items": {"type": "string", "minLength": 1}, "minItems": 1, "minLength": 1}


FRAME: Final[dict[str, Any]] = {
    "id": {"type": "string", "pattern": ID, "description": "Unique in the policy, ignoring case."},
    "title": ref("text"),
    "source": ref("source_ref"),
    "when": ref("condition"),
    "exempt": listed(closed({"when": ref("condition"), "reason": ref("text")}, ("when", "reason")), minItems=1),
    "duty_of": {"type": "string", "minLength": 1, "description": "Whose duty it is; only the company's rules colour the status."},
    "waivable": closed({"by": text_list()}, ("by",)),
    "replaces": ref("boolean"),
    "laxer": ref("laxer"),
}


def rule(properties: dict[str, Any], required: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> Schema:
    """One rule: the frame every rule has, and the keys of its kind."""
    frame = {k: v for k, v in FRAME.items() if k not in without}
    return closed({**frame, **properties}, ("id", *required))


def rules(properties: dict[str, Any], required: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> Schema:
    """A section that is a list of rules."""
    return listed(rule(properties, required, without))


_BRANCH_KEYS: Final = ("when", "then", "otherwise")


def _choose(of: str) -> Schema:
    branch = closed({"when": ref("condition"), "then": ref(of), "otherwise": ref(of)})
    # Either when and then, or otherwise alone: decided by the key that is there.
    branch["dependentRequired"] = {"when": ["then"], "then": ["when"]}
    branch["minProperties"] = 1
    branch["maxProperties"] = 2
    return listed(branch, minItems=1)


_VALUE_KEYS: Final[dict[str, Any]] = {
    "field": {"type": "string"},
    "plus": listed(ref("value"), minItems=2),
    "minus": listed(ref("value"), minItems=2),
    "times": listed(ref("value"), minItems=2),
    "max_of": listed(ref("value"), minItems=1),
    "min_of": listed(ref("value"), minItems=1),
    "first_known": listed(ref("value"), minItems=1),
    "choose": _choose("value"),
    "count": ref("instant"),
    "last": ref("instant"),
    "take": {"type": "string"},
    "length": ref("span"),
    "in": {"enum": ["minutes", "hours", "days", "weeks"]},
    "round": {"enum": ["up", "down", "half_up"]},
    "per": {"enum": ["total", "span"]},
    "classified_by": {"type": "string"},
    "at_least": {"type": ["string", "number"]},
}

MONTH_DAYS: Final[Schema] = {"type": ["string", "array"], "items": {"type": "string", "pattern": MONTH_DAY_FORM}, "minItems": 1, "pattern": MONTH_DAY_FORM}
# Only what a portfolio figure is held against can be a figure of earlier periods.
BASELINE_KEYS: Final = ("mean_of_previous", "mean_of_same_period")
_COUNT: Final[Schema] = {"type": ["string", "integer"], "pattern": "^[0-9]+$"}
_LIMIT_KEYS: Final[dict[str, Any]] = {
    **{key: listed(ref("limit"), minItems=2) for key in ("plus", "minus", "times", "max_of", "min_of")},
    **dict.fromkeys(BASELINE_KEYS, _COUNT),
}

_INSTANT_KEYS: Final[dict[str, Any]] = {
    "from": ref("instant"),
    "within": ref("instant"),
    "ahead": {"type": "string"},
    "counting": ref("counting"),
    "due": {"type": "string"},
    "event": text_list(),
    "where": ref("condition"),
    "nth": {"type": ["integer", "string"]},
    "of": ref("instant"),
    "after": ref("instant"),
    "first_of": listed(ref("instant"), minItems=1),
    "last_of": listed(ref("instant"), minItems=1),
    "all_of": listed(ref("instant"), minItems=1),
    "first_known": listed(ref("instant"), minItems=1),
    "choose": _choose("instant"),
    MONTH_DAY: MONTH_DAYS,
    **{unit: ref("value") for unit in UNIT_KEYS},
}

_SPAN_KEYS: Final[dict[str, Any]] = {
    "between": listed(ref("instant"), minItems=2, maxItems=2),
    "late": {"type": "string"},
    "together": listed(ref("span"), minItems=1),
    "except": listed(ref("span"), minItems=2, maxItems=2),
}

_TEST_KEYS: Final[dict[str, Any]] = {
    **{k: v for k, v in _VALUE_KEYS.items() if k not in ("in", "round", "per")},
    "not": ref("test"),
    "at_least": ref("value"),
    "at_most": ref("value"),
    "above": ref("value"),
    "below": ref("value"),
    "by": ref("instant"),
    "before": ref("instant"),
    "after": ref("instant"),
    "not_before": ref("instant"),
    "contains": text_list(),
    "matches": {"type": "string"},
    "during": {"type": "string"},
    "counting": ref("counting"),
}

_SCALAR_OR_PAIR: Final[Schema] = {"type": ["string", "number", "array"], "items": _SCALAR, "minItems": 2, "maxItems": 2}


def _by_period(levels: int) -> Schema:
    """By rule, and by period and group as far as the rule has them: a word."""
    of: Schema = {"type": "string"}
    for _ in range(levels):
        of = {"type": ["string", "object"], "additionalProperties": of}
    return {"type": "object", "additionalProperties": of}


def _tree(levels: int, of: Schema) -> Schema:
    """By so many names."""
    for _ in range(levels):
        of = {"type": "object", "additionalProperties": of}
    return of


# What a test expects of one record.
_EXPECTED: Final[dict[str, Any]] = {
    "status": {"type": "string"},
    "severity": _SCALAR,
    "owner": _SCALAR,
    "possible": text_list(),
    "candidates": text_list(),
    "escalate_to": {"type": "array", "items": {"type": "string"}},
    "outcomes": {"type": "object", "additionalProperties": {"type": "string"}},
    "due": {"type": "object", "additionalProperties": {"type": "string"}},
    "missing": {"type": "object", "additionalProperties": listed({"type": "string"})},
    "penalties": {
        "type": "object",
        "additionalProperties": {"type": ["string", "number", "array", "null"], "items": _SCALAR, "minItems": 2, "maxItems": 2},
    },
    "facts": {"type": "object", "additionalProperties": _SCALAR},
    "next_change_at": {"type": "string"},
    "error": {"type": "string"},
}
# A number, the two ends of one, or one of these by group.
_FIGURE: Final[Schema] = {**_SCALAR_OR_PAIR, "type": [*_SCALAR_OR_PAIR["type"], "object"], "additionalProperties": _SCALAR_OR_PAIR}
_HOURS: Final[Schema] = {"type": "array", "items": {"type": "string", "pattern": HOURS_FORM}}
_DAY: Final[Schema] = {"type": "string", "pattern": _DAY_FORM}

_FIELD: Final[Schema] = closed(
    {
        "type": {"enum": list(FIELD_TYPES)},
        "title": ref("text"),
        "unit": {"type": "string", "minLength": 1},
        "values": {"type": ["array", "object"], "items": _SCALAR, "minItems": 1, "minProperties": 1, "additionalProperties": ref("text")},
        "empty": {"enum": ["not_yet", "unknown", "none"]},
        "default": _SCALAR,
        "formats": text_list(),
        "sensitive": ref("boolean"),
    }
)

COMMON: Final[dict[str, Schema]] = {
    "boolean": {"enum": [True, False, "true", "false"]},
    "text": closed({"en": {"type": "string", "minLength": 1}, "zh": {"type": "string", "minLength": 1}}, minProperties=1),
    "laxer": closed({"reason": ref("text"), "source": ref("source_ref")}, ("reason",)),
    "source_ref": closed({"ref": {"type": "string"}, "clause": _SCALAR}, ("ref",)),
    "condition": {
        "type": "object",
        "minProperties": 1,
        "properties": {
            "all": listed(ref("condition"), minItems=1),
            "any": listed(ref("condition"), minItems=1),
            "not": ref("condition"),
            "outcome": {"type": "object", "minProperties": 1, "additionalProperties": text_list()},
            "present": text_list(),
            "missing": text_list(),
            "in_order": listed(ref("instant"), minItems=2),
        },
        "additionalProperties": ref("test"),
    },
    "test": {
        "type": ["string", "number", "boolean", "array", "object"],
        "items": _SCALAR,
        "properties": _TEST_KEYS,
        "additionalProperties": False,
        "minProperties": 1,
        "minItems": 1,
    },
    "value": {
        "type": ["string", "number", "boolean", "object"],
        "properties": _VALUE_KEYS,
        "additionalProperties": False,
        "minProperties": 1,
    },
    "limit": {"type": ["string", "number", "object"], "properties": _LIMIT_KEYS, "additionalProperties": False, "minProperties": 1, "maxProperties": 1},
    "range": {
        "type": ["array", "object"],
        "items": ref("value"),
        "minItems": 2,
        "maxItems": 2,
        "properties": {"choose": _choose("range")},
        "additionalProperties": False,
    },
    "instant": {"type": ["string", "object"], "properties": _INSTANT_KEYS, "additionalProperties": False, "minProperties": 1},
    "start": {
        "type": ["string", "object"],
        "properties": {**_INSTANT_KEYS, "each": listed(ref("instant"), minItems=1), "until": ref("instant")},
        "additionalProperties": False,
        "minProperties": 1,
        "dependentRequired": {"until": ["each"]},
    },
    "span": {"type": ["string", "object"], "properties": _SPAN_KEYS, "additionalProperties": False, "minProperties": 1, "maxProperties": 1},
    "counting": closed({"calendar": {"type": "string"}, **{k: {"enum": list(v)} for k, v in CONVENTIONS.items()}}),
    "calendar": closed(
        {
            "title": ref("text"),
            "country": {"type": "string", "pattern": "^[A-Za-z]{2,3}$"},
            "subdivision": {"type": "string"},
            "weekdays": text_list(),
            "announced_until": _DAY,
            "hours": {"type": "object", "minProperties": 1, "additionalProperties": _HOURS},
            "holidays": listed(_DAY),
            "extra_working_days": listed(_DAY),
            "dates": {"type": "object", "propertyNames": _DAY, "additionalProperties": _HOURS},
        }
    ),
    "field": _FIELD,
    "entry": {
        "type": "object",
        "propertyNames": {"pattern": _NAME},
        "properties": {"title": ref("text")},
        "additionalProperties": {**_FIELD, "type": ["string", "object"]},
    },
    "test_case": closed(
        {
            "name": {"type": "string", "minLength": 1},
            "as_of": {"type": "string"},
            "record": {"type": "object"},
            "records": listed({"type": "object", "required": ["id"]}, minItems=1),
            "lists": {"type": "object", "additionalProperties": listed({"type": "object"})},
            "exposures": listed({"type": "object", "required": ["period"]}),
            "register": listed(closed({"schedule": _SCALAR, "period": _SCALAR, "at": _SCALAR})),
            "since": _DAY,
            "figures": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": _SCALAR_OR_PAIR}},
            "source_fields": text_list(),
            "waivers": {"type": "array", "items": {"type": "object"}},
            "covers": {"type": "object", "additionalProperties": text_list()},
            "expect": closed(
                {
                    **_EXPECTED,
                    "outcomes": _by_period(2),
                    "due": _by_period(1),
                    "missing": {
                        "type": "object",
                        "additionalProperties": {
                            "type": ["array", "object"],
                            "items": {"type": "string"},
                            "additionalProperties": listed({"type": "string"}),
                        },
                    },
                    "next_due": {"type": "object", "additionalProperties": {"type": "string"}},
                    "set_aside": {"type": "array", "items": {"type": ["string", "integer"]}},
                    # Of a table of records.
                    "records": {
                        "type": "object",
                        "additionalProperties": closed({**_EXPECTED, "history": {"type": "object", "additionalProperties": _SCALAR}}, minProperties=1),
                    },
                    "figures": _tree(2, _FIGURE),
                    "merged": {"type": "object", "additionalProperties": _SCALAR},
                    "findings": _tree(2, listed(_SCALAR)),
                    "caps": _tree(3, closed({"proposed": _SCALAR, "allowed": _SCALAR}, minProperties=1)),
                },
                minProperties=1,
            ),
        },
        ("name", "as_of", "expect"),
        dependentRequired={"register": ["since"], "lists": ["records"], "exposures": ["records"]},
    ),
}

HEAD: Final[dict[str, Any]] = {
    "format": {"enum": [1, "1"], "description": "The version of the policy language."},
    "policy": {"type": "string", "pattern": _POLICY, "maxLength": 120},
    "effective": closed({"from": _DAY, "until": _DAY}, ("from",)),
    "plugins": {
        **listed({"type": "string", "minLength": 1}, minItems=1, uniqueItems=True),
        "description": "The plugins the policy uses, by the names their host gives them.",
    },
    "extends": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
    "tighten_only": ref("boolean"),
    "transition": listed(
        closed(
            {"when": ref("condition"), "use": {"enum": ["this", "previous"]}, "reason": ref("text"), "source": ref("source_ref")},
            ("when", "use", "reason"),
        ),
    ),
    "accepted_remarks": listed(
        closed({"remark": {"enum": list(ACCEPTABLE)}, "rule": {"type": "string"}, "reason": ref("text")}, ("remark", "reason")),
        minItems=1,
    ),
    "title": ref("text"),
    "timezone": {"type": "string", "minLength": 1},
    "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
    "reviewed_on": _DAY,
    "review_by": _DAY,
    "sources": {
        "type": "object",
        "propertyNames": {"pattern": ID},
        "additionalProperties": closed(
            {
                "title": ref("text"),
                "issuer": {"type": "string"},
                "number": _SCALAR,
                "url": {"type": "string"},
                "status": {"enum": ["verified", "second-hand", "company"]},
                "in_force": closed({"from": _DAY, "until": _DAY}),
                "reviewed_on": _DAY,
                "review_by": _DAY,
                "note": ref("text"),
            },
        ),
    },
    "calendars": {"type": "object", "propertyNames": {"pattern": _NAME}, "additionalProperties": ref("calendar")},
    "counting": ref("counting"),
    "terms": {
        "type": "object",
        "propertyNames": {"pattern": _NAME},
        "additionalProperties": closed({"is": {"type": "string"}, "house": ref("boolean"), "title": ref("text")}, ("is",)),
    },
    "roles": {
        "type": "object",
        "propertyNames": {"pattern": ID},
        "additionalProperties": ref("text"),
        "description": "Departments and roles by their ids; once declared, every owner and recipient must be one of them.",
    },
    "record": closed(
        {
            "fields": {"type": "object", "propertyNames": {"pattern": _NAME}, "additionalProperties": ref("field")},
            "events": {"type": "object", "propertyNames": {"pattern": _NAME}, "additionalProperties": ref("entry"), "minProperties": 1},
            "sensitive": text_list(),
        }
    ),
    "facts": {"type": "object", "propertyNames": {"pattern": _NAME}, "additionalProperties": {"type": ["object", "string"], "minProperties": 1}},
    "scope": closed({"when": ref("condition"), "title": ref("text"), "laxer": ref("laxer")}, ("when",)),
}


def assemble(sections: dict[str, Schema]) -> Schema:
    """The whole schema, from the rooms' pieces by section key."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:complaint-policy:policy:1",
        "title": "complaint_policy policy file, format 1",
        **closed({**HEAD, **sections, "tests": listed(ref("test_case"))}, ("format", "policy", "effective", "timezone")),
        "$defs": COMMON,
    }
