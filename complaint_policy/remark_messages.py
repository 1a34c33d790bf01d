"""The words of remarks: what `check` says of a policy that loads.  A warning asks for something, a note tells something."""

from __future__ import annotations

from typing import Final

from complaint_policy.texts import Text

__all__ = ["ACCEPTABLE", "LEVELS", "REMARKS"]

# Code: message and hint, each in English and Chinese.
_WARNINGS: Final[dict[str, tuple[str, str, str, str]]] = {
    "source-ended": (
        "'{name}' rests on '{source}', which is in force only until {until}",
        "“{name}”依据的“{source}”仅施行至{until}",
        "let the version end on {until}, or cite what has replaced it",
        "请使该版本止于{until}，或改引新的依据",
    ),
    "source-not-yet": (
        "'{name}' rests on '{source}', which is in force only from {start}: this version begins on {version}",
        "“{name}”依据的“{source}”自{start}起才施行，而此版本始于{version}",
        "let the version begin on {start}, or cite what was in force before",
        "请使该版本始于{start}，或引用此前施行的依据",
    ),
    "source-unused": (
        "no rule rests on the source '{name}'",
        "没有规则以“{name}”为依据",
        "cite it where it is meant, or remove it",
        "请在相应规则中引用，或删去",
    ),
    "review-due": (
        "'{name}' was to be reviewed by {day}",
        "“{name}”应于{day}前复核",
        "read it again, and write a new review_by",
        "请重新核对，并更新 review_by",
    ),
    "base-newer": (
        "'{name}' is one version of its policy: from {start} on there is a newer one",
        "“{name}”只是其中一个版本：自{start}起已有较新的版本",
        "name the folder, so that each day has its own version, or end this version on {start}",
        "请写文件夹，使各日适用各自的版本，或使此版本止于{start}",
    ),
    "rule-without-source": (
        "'{name}' says no source",
        "“{name}”未注明依据",
        "write source: {{ref: ..., clause: ...}}",
        "请写 source: {{ref: ..., clause: ...}}",
    ),
    "vague-word": (
        "'{name}' says “{word}” and has a number, but not whose number it is",
        "“{name}”使用“{word}”并有数值，却未写明数值由谁规定",
        "bind the word under terms: {{is: ..., house: true}}, and write it in within",
        "请在 terms 中写明该词：{{is: ..., house: true}}，并在 within 中使用",
    ),
    "text-like-field": (
        "'{name}' is read as a text here, and there is a field or fact of that name",
        "此处“{name}”被读作文本，而另有同名的字段或事实",
        "write {{field: {name}}} if that is meant; of a text, name the field otherwise",
        "若指该字段，请写 {{field: {name}}}；若确为文本，请为字段另取名称",
    ),
    "number-comes-again": (
        "numbers of the form {form} ('{name}') do not tell the {part}: each of them comes again",
        "“{name}”的编号格式{form}未含 {part}：编号会重复出现",
        "put {{{part}}} into the form",
        "请在格式中加入 {{{part}}}",
    ),
    "number-runs-out": (
        "'{name}' has room for {most} numbers in a period",
        "“{name}”在一个期间内只能容纳{most}个编号",
        "give the running number more digits, as in {{serial:4}}",
        "请增加流水号位数，例如 {{serial:4}}",
    ),
    "same-act-twice": (
        "'{name}' ({length}) and '{other}' ({limit}) set two limits for the same act",
        "“{name}”（{length}）与“{other}”（{limit}）对同一行为规定了两个期限",
        "keep the one that holds, or say when each applies",
        "请保留有效的一条，或分别写明适用条件",
    ),
    "penalty-without-basis": (
        "'{name}' is charged to somebody without a legal basis",
        "“{name}”写明了承担者，却未写明依据",
        "write legal_basis: {{en: ..., zh: ...}} or a source",
        "请写 legal_basis: {{en: ..., zh: ...}} 或 source",
    ),
    "stages-may-be-late": (
        "the stages of '{name}' may end after its {limit}: {stages}, begun {begun}, end {end}, the whole {due}",
        "“{name}”限{limit}，其各环节可能晚于总期限：{stages}，自{begun}起算至{end}届满，总期限至{due}届满",
        "shorten a stage, lengthen the whole, or let the whole roll as the stages do",
        "请缩短某一环节、延长总期限，或使总期限与各环节同样顺延",
    ),
    "charge-without-responsibility": (
        "'{name}' charges a person before anybody's responsibility is established",
        "“{name}”在责任认定之前即令个人承担",
        "write when: {{responsibility_determined_at: present}}",
        "请写 when: {{responsibility_determined_at: present}}",
    ),
    "laxer-needless": (
        "'{name}' says that it is laxer, but it is not",
        "“{name}”声明较宽，实际并不宽于所扩展的制度",
        "remove laxer",
        "请删去 laxer",
    ),
    "accepted-needless": (
        "'{name}' is accepted here, but check does not remark it",
        "此处声明接受“{name}”，但检查并无此提示",
        "remove it, or name the rule that it is remarked of",
        "请删去，或以 rule 写明所涉规则",
    ),
}
_NOTES: Final[dict[str, tuple[str, str, str, str]]] = {
    "laxer-as-declared": (
        "'{name}' is laxer than {base}, as it says: {why}. Reason: {reason}",
        "“{name}”按其声明宽于{base}：{why}。理由：{reason}",
        "nothing to do: it is said so that nobody overlooks it",
        "无须处理：仅为提示",
    ),
    "no-levels": (
        "the policy has no levels of severity",
        "制度没有投诉分级",
        "write severity: ..., so that urgent complaints are told apart; or say under accepted_remarks why there are none",
        "请写 severity: ...，以区分紧急投诉；或在 accepted_remarks 中说明为何不分级",
    ),
}

REMARKS: Final[dict[str, tuple[Text, Text | None]]] = {
    code: (Text(en, zh), Text(hint_en, hint_zh)) for code, (en, zh, hint_en, hint_zh) in (_WARNINGS | _NOTES).items()
}
LEVELS: Final[dict[str, str]] = {**dict.fromkeys(_WARNINGS, "warning"), **dict.fromkeys(_NOTES, "note")}
# What an author may let stand, with a reason; not that a day has passed, nor what another declaration answers.
ACCEPTABLE: Final = tuple(sorted(set(REMARKS) - {"accepted-needless", "laxer-as-declared", "laxer-needless", "review-due"}))
