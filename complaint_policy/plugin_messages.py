"""The words for what goes wrong between a policy and the plugins it names."""

from __future__ import annotations

from typing import Final

from complaint_policy.texts import Text

__all__ = ["OF_PLUGINS"]

OF_PLUGINS: Final[dict[str, tuple[Text, Text | None]]] = {
    "unknown-plugin": (
        Text("there is no plugin '{name}'", "没有名为“{name}”的插件"),
        Text(
            "hand it in: load_policy(..., plugins=make_manager({{...}})), or --plugins on the command line for installed ones",
            "请传入该插件：load_policy(..., plugins=make_manager({{...}}))；已安装的插件在命令行中使用 --plugins",
        ),
    ),
    "plugin-failed": (
        Text("the plugin '{name}' is left out, its {hook} failed: {reason}", "插件“{name}”未载入，{hook}出错：{reason}"),
        Text("make_manager(..., strict=True) raises it where it happens", "make_manager(..., strict=True) 会在出错处抛出异常"),
    ),
    "plugin-disabled": (
        Text("the plugin '{name}' is disabled, and the policy needs it", "插件“{name}”已停用，而该制度需要它"),
        Text("take it out of disable, or leave the policy unloaded", "请从 disable 中移除，或不加载该制度"),
    ),
    "plugin-reads": (
        Text(
            "'{name}' of the plugin '{plugin}' reads '{field}', which this policy does not have", "插件“{plugin}”的“{name}”需要读取“{field}”，而该制度没有此项"
        ),
        Text("declare it under record: {{fields: ...}}", "请在 record: {{fields: ...}} 中声明"),
    ),
    "fact-of-plugin": (
        Text("'{name}' is a fact of the plugin '{plugin}'", "“{name}”是插件“{plugin}”提供的事实"),
        Text("give yours another name", "请换一个名称"),
    ),
    "plugins-claim": (
        Text("'{name}' is claimed by two plugins of this policy, '{other}' and '{plugin}'", "该制度使用的插件“{other}”和“{plugin}”都定义了“{name}”"),
        Text("name one of them only", "请只使用其中一个"),
    ),
    "operator-kind": (
        Text("'{name}' is no test for '{field}', which is of kind {kind}", "“{name}”不适用于“{field}”（{kind}）"),
        Text("it tests {kinds}", "它适用于 {kinds}"),
    ),
    "unknown-classifier": (
        Text("no plugin of this policy has a classifier '{name}'", "该制度的插件没有名为“{name}”的分类器"),
        Text("name the plugin that has it: plugins: [...]", "请写明提供它的插件：plugins: [...]"),
    ),
    "unknown-similarity": (
        Text("no plugin of this policy has a measure '{name}' of how alike texts are", "该制度的插件没有名为“{name}”的相似度算法"),
        Text("name the plugin that has it, or leave out by: the library's own measure is then taken", "请写明提供它的插件，或省略 by 以采用内置算法"),
    ),
    "classified-without-share": (
        Text("'{name}' is asked without saying how sure it has to be", "使用分类器“{name}”时未写明所需的置信度"),
        Text(
            "write {{classified_by: {name}, at_least: 0.8}}; below that a person decides",
            "请写 {{classified_by: {name}, at_least: 0.8}}；低于该值由人工判断",
        ),
    ),
    "classified-elsewhere": (
        Text("a classifier reads a record, and '{name}' stands where there is none", "分类器读取记录，而“{name}”所在之处没有记录"),
        Text("write it as a fact, or in a rule for records", "请写为事实，或写在针对记录的规则中"),
    ),
    "bad-setting": (
        Text("the setting '{name}' cannot be read: {reason}", "设置项“{name}”无法读取：{reason}"),
        Text("write a value of the type that the plugin declares for it", "请按插件声明的类型填写"),
    ),
    "setting-missing": (
        Text("the setting '{name}' is not given", "缺少设置项“{name}”"),
        Text("write {section}: {{{name}: ...}}", "请写 {section}: {{{name}: ...}}"),
    ),
}
