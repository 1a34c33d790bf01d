"""``show``: a policy as a document for people."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from complaint_policy import PolicyError, load_policy, load_policy_text, shipped_policies
from complaint_policy.cli.views.document import Grid, Heading, Pairs, document
from complaint_policy.cli.views.papers import as_html, as_markdown
from tests.cli.conftest import POLICY, Run

HOSTILE = POLICY.replace("Shop complaints", "<script>alert(1)</script> | *x* `y`").replace("商店投诉处理", "‮<b>商店</b>")


class _Page(HTMLParser):
    """Every tag and the text of a page; tags must close in order."""

    EMPTY = frozenset({"meta"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_it_reads_in_the_order_of_a_rule_book(cli: Run, policy: Path) -> None:
    ran = cli("show", policy)
    assert (ran.status, ran.err) == (0, "")
    headings = ["Shop complaints", "Sources", "How time is counted", "Severity", "Responsibility", "Deadlines", "Requirements", "Penalties", "What is recorded"]
    lines = ran.out.splitlines()
    assert [line for line in lines if line in headings] == headings


@pytest.mark.parametrize("name", shipped_policies())
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_rule_of_every_shipped_version_is_in_it(name: str, language: str) -> None:
    policy = load_policy(name)
    for version in policy.versions:
        blocks = document(policy, version)
        page = _Page(as_html(blocks, language))  # type: ignore[arg-type]
        text = "".join(page.texts)
        for rule in version.model.all_rules():
            assert rule.id in text
            assert rule.name.get(language) in text
        for source in version.model.sources.values():
            assert source.title.get(language) in text
        assert len(page.ids) == len(set(page.ids))


def test_in_chinese(cli: Run, policy: Path) -> None:
    ran = cli("show", policy, "--lang", "zh")
    for expected in ("由低到高：一般、重大。", "首个成立者为准", "损失不少于1000", "类别为goods 仓库", "查明原因（RQ-cause）", "本文由判定所用的制度文件生成，不构成法律意见。"):
        assert expected in ran.words
    assert "no legal advice" not in ran.out


def test_markdown_by_the_name_of_the_file(cli: Run, policy: Path, tmp_path: Path) -> None:
    target = tmp_path / "shop.md"
    ran = cli("show", policy, "--output", target)
    assert (ran.status, ran.out) == (0, "")
    text = target.read_text(encoding="utf-8")
    assert text.startswith("# Shop complaints\n")
    assert "| level | where | rule | source |\n| --- | --- | --- | --- |\n| major | Loss is at least 1000 | Great loss (SEV-major) |  |\n" in text.replace("\\-", "-")
    assert "- **within**: 5 working days\n" in text


def test_html_is_one_page_that_needs_nothing(cli: Run, policy: Path, tmp_path: Path) -> None:
    target = tmp_path / "shop.html"
    assert cli("show", policy, "--output", target, "--lang", "zh").status == 0
    text = target.read_text(encoding="utf-8")
    page = _Page(text)
    assert {"DL-respond", "DL-call", "RQ-cause", "PN-late"} <= set(page.ids)
    assert {"script", "link", "img", "iframe"}.isdisjoint(page.tags)
    assert "http" not in text.replace("http-equiv", "")
    assert '<html lang="zh-CN">' in text


def test_nothing_of_a_policy_becomes_markup() -> None:
    policy = load_policy_text(HOSTILE)
    blocks = document(policy, policy.versions[-1])
    for language in ("en", "zh"):
        page = _Page(as_html(blocks, language))
        assert {"script", "b"}.isdisjoint(page.tags)
    assert "\u202e" not in as_html(blocks, "zh")
    heading = as_markdown(blocks, "en").splitlines()[0]
    assert heading == r"# \<script\>alert(1)\</script\> \| \*x\* \`y\`"


def test_cells_of_a_markdown_table_stay_cells() -> None:
    policy = load_policy_text(POLICY.replace("House rules", "House | rules"))
    text = as_markdown(document(policy, policy.versions[-1]), "en")
    row = next(line for line in text.splitlines() if line.startswith("| House"))
    assert row.replace("\\|", "").count("|") == 6  # five cells


def test_the_version_of_a_day(cli: Run) -> None:
    before = cli("show", "cn/banking", "--on", "2019-05-01", "--format", "json").data
    assert before["from"] == "2017-10-01"  # the base changed then
    assert cli("show", "cn/banking", "--on", "2013-10-31").status == 2
    refused = cli("show", "cn/banking", "--on", "yesterday")
    assert refused.status == 2
    assert "2026-03-01" in refused.err


def test_a_file_of_an_unknown_kind_is_refused(cli: Run, policy: Path, tmp_path: Path) -> None:
    ran = cli("show", policy, "--output", tmp_path / "shop.docx")
    assert ran.status == 2
    assert ".html" in ran.err
    assert not (tmp_path / "shop.docx").exists()
    assert cli("show", policy, "--output", tmp_path / "missing" / "shop.md").status == 2


def test_titles_of_enum_values_and_facts() -> None:
    """An enum's values and a fact are called by their titles wherever they are spoken of."""
    text = POLICY.replace("values: [goods, service]", "values: {goods: {en: Goods, zh: 商品}, service: {en: Service, zh: 服务}}")
    text = text.replace("roles:\n", "facts:\n  dear: {title: {en: Dear, zh: 贵重}, loss: {at_least: 500}}\nroles:\n", 1)
    text = text.replace("  - {id: DL-call,", "  - {id: DL-visit, when: {dear: true, category: goods}, from: closed_at, to: followed_up_at, within: 1 day}\n  - {id: DL-call,")
    policy = load_policy_text(text)
    blocks = document(policy, policy.versions[-1])
    grids = [row for block in blocks if isinstance(block, Grid) for row in block.rows]
    assert any(row[0].zh == "贵重（dear）" and row[1].zh == "损失不少于500" for row in grids)
    assert any(row[0].zh == "类别为商品" and row[0].en == "Category is Goods" for row in grids)
    at = next(i for i, block in enumerate(blocks) if isinstance(block, Heading) and block.anchor == "DL-visit")
    pairs = blocks[at + 1]
    assert isinstance(pairs, Pairs)
    assert pairs.rows[0][1].zh == "贵重且类别为商品"
    record = {"id": "A", "received_at": "2026-03-02T10:00", "category": "goods", "loss": 600, "closed_at": "2026-03-03T10:00"}
    decision = policy.evaluate(record, as_of="2026-03-10T00:00")
    assert "类别=商品" in decision.explain("zh")
    assert "Category = Goods" in decision.explain("en")


def test_a_field_called_title_is_still_tested() -> None:
    text = POLICY.replace("    loss: {type: money", "    title: {type: string}\n    loss: {type: money", 1)
    text = text.replace("roles:\n", "facts:\n  named: {title: present}\n  urgent: {title: {contains: urgent}}\nroles:\n", 1)
    text = text.replace("  - {id: DL-call,", "  - {id: DL-visit, when: {named: true, urgent: true}, from: closed_at, to: followed_up_at, within: 1 day}\n  - {id: DL-call,")
    policy = load_policy_text(text)
    record = {"id": "A", "received_at": "2026-03-02T10:00", "title": "an urgent case", "closed_at": "2026-03-03T10:00"}
    assert policy.evaluate(record, as_of="2026-03-10T00:00").deadline("DL-visit").outcome == "breached"


LOG = """\
format: 1
policy: test/log
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
record:
  fields: {visits: {type: instants, title: {en: Visits, zh: 上门时间}}}
  events: {handover: {title: {en: Hand-over, zh: 移交}, accepted_at: {type: event, title: {en: Accepted, zh: 接收时间}}}}
deadlines:
  - {id: DL, from: {event: handover, where: {accepted_at: present}}, to: {nth: 2, of: visits}, within: 3 days}
"""


def test_the_events_of_a_complaint_are_told(cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "2026-01-01.yaml"
    path.write_text(LOG, "utf-8")
    ran, chinese = cli("show", path), cli("show", path, "--lang", "zh")
    assert (ran.status, chinese.status) == (0, 0)
    assert "Hand-over (Accepted is recorded)" in ran.out
    assert "Hand-over  handover  Accepted  accepted_at  time of an event" in ran.out
    assert "移交（已记录接收时间）" in chinese.out
    assert "第2次上门时间" in chinese.out
    fields = cli("explain", path)
    assert (fields.status, "instants" in fields.out, "log" in fields.out) == (0, True, True)


def test_rules_over_many_records_are_shown(cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "format: 1\npolicy: test/many\neffective: {from: 2026-01-01}\ntimezone: Asia/Shanghai\n"
        "history:\n  again: {title: {en: Again, zh: 再次}, count: {same: [product, {like: description, at_least: 85%}], from: closed_at, where: {upheld: true}}}\n"
        "  chain: {count: {same: [product], within: 5 days, chained: true}}\n"
        "  merge: {same: [product], within: 7 days, take: {injury: any}}\n"
        'numbering: [{id: NR, form: "{year}-{serial}"}]\nreconcile: [{id: RC, with: hotline, same: [id], within: 2 days, agree: [product]}]\n',
        encoding="utf-8",
    )
    english, chinese = cli("show", path, "--lang", "en").words, cli("show", path, "--lang", "zh").words
    for text in ("alike by 85%", "of them Upheld", "from each record to the next", "7 days from Received of the first record", "Injury: yes if any says so"):
        assert text in english
    for text in ("each year", "a record for each entry of the list", "2 days from Received", "agree in Product"):
        assert text in english
    for text in ("相似度不低于85%", "其中 投诉成立", "人身伤害：任一为是即为是", "从1编起 每年", "清单的每一条均有记录"):
        assert text in chinese


def test_a_transition_is_shown_with_its_reason(tmp_path: Path, cli: Run) -> None:
    (tmp_path / "2026-01-01.yaml").write_text(POLICY, encoding="utf-8")
    entry = "transition: [{when: {closed_at: missing}, use: this, reason: {en: Open cases go over, zh: 未结案件适用新规}, source: {ref: house, clause: '9'}}]\n"
    scope = "scope: {when: {category: goods}, laxer: {reason: {en: Goods alone, zh: 仅限商品}}}\n"
    (tmp_path / "2026-03-01.yaml").write_text(POLICY.replace("2026-01-01", "2026-03-01") + entry + scope, encoding="utf-8")
    shown = cli("show", tmp_path, "--as", "markdown").out
    assert "complaints received before it are judged by it if, as of its first day, Closed is missing (Open cases go over; source: House rules, 9" in shown
    assert "Narrower than the policy it extends: Goods alone." in shown
    zh = cli("show", tmp_path, "--as", "markdown", "--lang", "zh").out
    assert "未结案件适用新规" in zh
    assert "窄于所扩展的制度：仅限商品" in zh
    assert "Open cases" not in cli("show", tmp_path, "--on", "2026-02-01", "--as", "markdown").out


def test_a_fact_may_rest_on_a_clause() -> None:
    text = POLICY.replace("roles:\n", "facts:\n  dear: {title: {zh: 贵重}, source: {ref: house, clause: 第五条}, loss: {at_least: 500}}\nroles:\n", 1)
    text = text.replace("  - {id: DL-call,", "  - {id: DL-visit, when: {dear: true}, from: closed_at, to: followed_up_at, within: 1 day}\n  - {id: DL-call,")
    policy = load_policy_text(text)
    cells = [cell.zh for block in document(policy, policy.versions[-1]) if isinstance(block, Grid) for row in block.rows for cell in row]
    assert "《店规》第五条［企业制度］" in cells
    with pytest.raises(PolicyError, match="unknown"):
        load_policy_text(text.replace("ref: house, clause: 第五条", "ref: hause"))


LAW = """\
format: 1
policy: test/law
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
sources: {law: {title: {en: "47 CFR 1.717, 1.718", zh: 47 CFR 1.717、1.718}, status: verified}}
calendars: {workdays: {country: CN, announced_until: 2026-12-31}}
counting: {calendar: workdays, roll: next_working_day}
roles: {seller: {en: Seller, zh: 经营者}}
record:
  fields:
    told: {type: boolean, title: {en: Told or not asked, zh: 已告知或无须告知}}
    kind: {type: enum, values: {a: {en: A, zh: 甲}, b: {en: "B, C", zh: 乙、丙}}, title: {en: Kind, zh: 类别}}
    km: {type: integer, unit: km, title: {en: Distance, zh: 里程}}
    deleted_at: {type: event, title: {en: Deleted, zh: 销毁时间}}
facts: {far: {title: {en: Far, zh: 远途}, km: {above: 300}}}
admission:
  - {id: AD, require: {closed_at: {by: {from: {first_known: [responded_at, {due: DL-answer}]}, within: 6 months}}}, reason: {en: Late, zh: 逾期}}
deadlines:
  - {id: DL-answer, title: {en: Answer, zh: 答复}, source: {ref: law, clause: "1.718"}, when: {told: true, kind: b, far: false}, from: received_at, to: responded_at, within: 3 days}
  - {id: DL-call, when: {outcome: {DL-answer: breached}}, from: closed_at, to: followed_up_at, within: same day, counting: {roll: none}}
  - {id: DL-fix, from: received_at, to: closed_at, within: 48 hours}
requirements: [{id: RQ, require: {present: [kind, km, description]}}]
retention: [{id: RT, keep_until: {from: closed_at, within: 3 years, counting: {roll: none}}, deleted: deleted_at}]
penalties:
  - id: PN
    when: {far: true}
    range: [0, 30000]
    amount: {max_of: [{times: [0.01, {field: price}, {length: {late: DL-answer}, in: days}]}, 500]}
    charge: {choose: [{when: {kind: a}, then: seller}, {otherwise: {field: handler}}]}
"""


@pytest.fixture(scope="module")
def law() -> dict[str, dict[str, list[str]]]:
    """What the document says of each rule, by label: both languages."""
    policy = load_policy_text(LAW)
    blocks = document(policy, policy.versions[-1])
    said: dict[str, dict[str, list[str]]] = {}
    for heading, pairs in pairwise(blocks):
        if isinstance(heading, Heading) and heading.anchor and isinstance(pairs, Pairs):
            said[heading.anchor] = {label.en: [text.en, text.zh] for label, text in pairs.rows}
    return said


@pytest.mark.parametrize(
    ("rule", "label", "english", "chinese"),
    [
        # A title in its marks never runs into the clause.
        ("DL-answer", "source", "47 CFR 1.717, 1.718, 1.718 [verified]", "《47 CFR 1.717、1.718》1.718［已核实］"),
        # A title with an "or" of its own stands in quotation marks, and so does a value; a fact that does not hold says so.
        ("DL-answer", "applies when", "'Told or not asked' and Kind is 'B, C' and not 'Far'", "“已告知或无须告知”且类别为“乙、丙”且“远途”不成立"),
        ("DL-call", "applies when", "'Answer' is breached", "违反“答复”"),
        # The day of the start itself leaves out no first day; what the whole policy moves and this rule does not is said.
        ("DL-call", "counting", "ends with the last day; a last day off does not move", "至最后一日24时届满；末日不顺延"),
        ("DL-fix", "counting", "elapsed time, nights and days off included", "连续计算，夜间和休息日计入"),
        ("AD", "requires", "Closed no later than 6 months from (the first known of Answered, the due time of 'Answer')", "办结时间不晚于（以下首个已知者：答复时间、“答复”的到期时刻）起6个月"),
        ("RQ", "requires", "all of these are recorded: Kind, Distance, Description", "以下各项均已记录：类别、里程、投诉内容"),
        ("RT", "keep until", "3 years from Closed (a last day off does not move)", "办结时间起3年（末日不顺延）"),
        ("PN", "range", "up to 30,000 CNY", "不超过30,000元"),
        ("PN", "amount (CNY)", "the larger of (0.01 × Price × the delay of 'Answer' in days (each begun one counted whole)) and 500", "（0.01 × 价款 × “答复”的逾期时间的天数（不足一天按一天计））与500中的较大者"),
        ("PN", "charged to", "Seller if Kind is A; otherwise Handler", "类别为甲时，经营者；否则经办人"),
    ],
)
def test_a_rule_of_law_reads_one_way(law: dict[str, dict[str, list[str]]], rule: str, label: str, english: str, chinese: str) -> None:
    assert law[rule][label] == [english, chinese]


def test_units_calendars_and_numbers_are_people_s(cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "law.yaml"
    path.write_text(LAW, "utf-8")
    ran = cli("show", path, "--lang", "zh", "--output", tmp_path / "law.md")
    assert ran.status == 0
    text = (tmp_path / "law.md").read_text("utf-8")
    for expected in ("里程大于300公里", "周末和中国法定节假日除外；调休上班的周末计入", "整数（公里）", "- **适用的投诉**：2026年1月1日（周四）起收到的\n", "（0.01 × 价款"):
        assert expected in text
    # A number at the start of a line is no list, and no backslash is left in it.
    assert "\\." not in text


def test_a_version_begun_by_a_base_says_so() -> None:
    policy = load_policy("cn/telecom")
    pairs = next(block for block in document(policy, policy.versions[-1]) if isinstance(block, Pairs))
    told = {label.en: text for label, text in pairs.rows}["versions from"]
    assert told.en == "2016-07-30, 2017-10-01 (of its base), 2021-01-01 (of its base)"
    assert told.zh == "2016-07-30、2017-10-01（所依托制度改版）、2021-01-01（所依托制度改版）"


def test_nothing_of_a_chinese_document_is_an_id_that_has_a_title() -> None:
    text = """format: 1
policy: test/named
effective: {from: 2026-01-01}
title: {en: Named, zh: 名称}
timezone: Asia/Shanghai
currency: CNY
calendars: {desk: {title: {en: Desk hours, zh: 客服时间}, hours: {mon-wed: ["09:00-18:00"], fri: ["09:00-16:00"]}}}
terms: {soon: {is: 2 days, house: true, title: {en: soon, zh: 尽快}}}
roles: {plant: {en: The plant, zh: 工厂}}
record:
  events: {raised: {title: {en: Raised, zh: 升级}, level: {type: enum, values: {high: {en: High, zh: 高}, low: {en: Low, zh: 低}}, title: {en: New level, zh: 新等级}}}}
  fields: {first_level: {type: enum, values: {high: {en: High, zh: 高}, low: {en: Low, zh: 低}}, title: {en: First level, zh: 初始等级}}}
facts:
  level_now: {title: {en: Level now, zh: 当前等级}, first_known: [{last: {event: raised}, take: level}, {field: first_level}]}
  payer: {title: {en: Who pays, zh: 付款方}, choose: [{when: {upheld: true}, then: plant}, {otherwise: nobody}]}
severity: {levels: [low, high], titles: {low: {en: Low, zh: 低}, high: {en: High, zh: 高}}, rules: [{id: SEV, level: high, when: {level_now: high}}], otherwise: low}
deadlines:
  - {id: DL-a, title: {en: Whole, zh: 全程}, from: received_at, to: closed_at, within: 5 days}
  - {id: DL-b, title: {en: Part, zh: 一段}, part_of: DL-a, from: received_at, to: responded_at, within: soon, when: {severity: {at_least: high}}}
  - {id: DL-c, from: {each: [{last_of: [received_at, {event: raised}]}, acknowledged_at], until: closed_at}, to: closed_at, within: 9 days}
requirements:
  - {id: RQ-a, title: {en: Judged, zh: 已判断}, require: {upheld: present, received_at: {during: desk}, closed_at: {by: {from: received_at, within: same day}}}}
portfolio: [{id: PF-a, title: {en: Volume, zh: 数量}, measure: {count: {received_at: present}}, per: month}]
numbering: [{id: NR-a, title: {en: Number, zh: 编号}, form: "A{yy}{month}-{serial:3}"}]
"""
    policy = load_policy_text(text)
    markdown = {language: as_markdown(document(policy, policy.versions[0]), language) for language in ("zh", "en")}
    said = {
        "zh": ["客服时间 | 周一至周三 09:00–18:00；周五 09:00–16:00", "尽快 | 2日（内部自定）", "当前等级为高", "投诉成立时，工厂；否则nobody", "等级不低于高", "全程（DL-a）", "以下各次：（以下最晚者：收到投诉时间、升级）、确认收到时间，限办结时间之前的", "“一段”（尽快（2日，内部自定）），在5日中余3日", "已记录“投诉成立”与否", "在客服时间内", "收到投诉时间当日", "：投诉数\n", "A〔两位年份〕〔两位月份〕-〔3位流水号〕"],
        "en": ["Desk hours | mon to wed 09:00–18:00; fri 09:00–16:00", "soon | 2 days (a house number)", "Level now is High", "The plant if", "severity is at least High", "Whole (DL-a)", "every time of (the last of Received, Raised), Acknowledged, before Closed", "'Part' (soon (2 days, a house number)) leave 3 days of 5 days", "whether 'Upheld' is recorded", "within Desk hours", "the day of", "how many complaints there are", "A{yy}{month}-{serial:3}"],
    }
    for language, parts in said.items():
        lacking = [part for part in parts if part not in markdown[language].replace("\\", "")]
        assert not lacking, language
