"""Write the demo records: about 200 invented telecom complaints, as an operator's system would export them.

Usage: python make_demo.py [complaints.csv]

Everything is invented and drawn with a fixed seed, so the file is the same every time. It is written the way such
exports come: Chinese columns, GB18030, 是/否, dates in several spellings, cells nobody filled in, and a few that are
plainly wrong. The bad rows are placed by hand below; the rest is drawn.
"""

from __future__ import annotations

import csv
import random
import sys
from datetime import datetime, timedelta
from pathlib import Path

SEED = 20260320
AS_OF = datetime(2026, 3, 20, 9, 0)
ROWS = 196
COLUMNS = (
    "工单号", "受理时间", "受理渠道", "投诉类别", "产品", "地区", "投诉内容", "客户编号", "客户姓名", "联系电话",
    "索赔金额", "影响客户数", "是否断网", "是否疑难", "法律风险", "媒体曝光", "人身伤害", "监管介入", "重复投诉次数",
    "首问责任人", "处理人", "责任认定时间", "责任人", "责任班组", "责任部门", "投诉是否成立", "派单时间", "延期告知时间",
    "等待客户", "答复时间", "办结时间", "回访时间", "是否满意", "原因分析", "责任人处理时间", "整改措施", "培训时间", "登记等级",
)  # fmt: skip
CHANNELS = ("10000号热线", "营业厅", "手机APP", "微信公众号", "网上营业厅")
DISTRICTS = ("东城分公司", "西城分公司", "南城分公司", "北城分公司", "开发区分公司")
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张"
HANDLERS = tuple(f"客服{number:02d}" for number in range(1, 13))
TEXTS = {
    "网络故障": (
        "家里宽带频繁掉线，晚上基本不能用", "手机在小区内没有信号", "昨天起断网，装维师傅一直没来", "网速达不到签约带宽",
        "路由器更换后仍然断网", "机顶盒画面卡顿",
    ),
    "资费争议": (
        "账单比上月多出一百多元，要求解释", "未经同意开通增值业务", "套餐降档被拒绝", "流量超出提醒没有收到，产生高额费用",
        "合约期满后仍扣合约费",
    ),
    "服务态度": ("营业员态度差，让我自己去网上查", "热线等待二十分钟无人接听", "上门人员迟到且未道歉", "客服挂断电话"),
    "携号转网": ("要求携号转网被以各种理由推脱", "携转短信查询结果与营业厅说法不一致", "携出后旧套餐继续扣费"),
    "合同纠纷": ("对合同违约金条款不认可", "办理时未说明有24个月合约", "代理商伪造签名办理副卡，怀疑诈骗"),
}  # fmt: skip
PRODUCTS = {
    "网络故障": ("宽带300M", "宽带1000M", "5G畅享套餐", "IPTV"),
    "资费争议": ("5G畅享套餐", "流量包", "增值业务"),
    "服务态度": ("5G畅享套餐", "宽带300M"),
    "携号转网": ("5G畅享套餐",),
    "合同纠纷": ("合约机", "宽带1000M"),
}
DEPARTMENTS = {
    "网络故障": "网络运营部", "资费争议": "计费账务部", "服务态度": "客户服务部", "携号转网": "市场部", "合同纠纷": "法务部",
}  # fmt: skip
CAUSES = ("线路老化", "系统参数配置错误", "业务告知不充分", "人员操作失误", "派单超时", "第三方施工挖断光缆")


def spelled(moment: datetime | None, dice: random.Random) -> str:
    """Spell a time in one of the three ways the branches use."""
    if moment is None:
        return ""
    ways = (
        f"{moment.year}/{moment.month}/{moment.day} {moment.hour}:{moment.minute:02d}",
        f"{moment:%Y-%m-%d %H:%M:%S}",
        f"{moment.year}年{moment.month}月{moment.day}日 {moment:%H:%M}",
    )
    return dice.choices(ways, weights=(6, 3, 1))[0]


def yes(chance: float, dice: random.Random, blank: float = 0.0) -> str:
    """是, 否, or an empty cell."""
    if dice.random() < blank:
        return ""
    return "是" if dice.random() < chance else "否"


def working_hour(day: datetime, dice: random.Random) -> datetime:
    """Put an act into the office hours of its day."""
    return day.replace(hour=dice.randrange(8, 18), minute=dice.randrange(60), second=0)


def happened(moment: datetime | None) -> datetime | None:
    """Drop what lies after the export: it is not in it."""
    return moment if moment is not None and moment <= AS_OF else None


def amount(dice: random.Random) -> str:
    """An amount claimed: mostly small, spelled as people type it."""
    if dice.random() < 0.45:
        return ""
    money = dice.choice((30, 58, 99, 128, 200, 366, 599, 1200, 3600, 8800))
    if dice.random() < 0.04:
        money = dice.choice((52000, 68000, 120000))
    return dice.choices((f"{money}", f"{money:,}.00", f"￥{money:,}", f"{money}元"), weights=(5, 2, 2, 1))[0]


def complaint(number: int, received: datetime, dice: random.Random) -> dict[str, str]:
    """Draw one complaint and what was done about it by the day of the export."""
    kind = dice.choices(tuple(TEXTS), weights=(8, 7, 4, 2, 2))[0]
    repeated = dice.choices((0, 1, 2, 3), weights=(70, 17, 9, 4))[0]
    hard = dice.random() < 0.12
    many = dice.choices((1, dice.randrange(2, 40), dice.randrange(120, 900), dice.randrange(1000, 3200)),
                        weights=(88, 8, 3, 1))[0] if kind == "网络故障" else 1  # fmt: skip
    days = dice.choices((dice.randrange(0, 6), dice.randrange(6, 15), dice.randrange(15, 29)), weights=(62, 26, 12))[0]
    told = received + timedelta(days=dice.choice((9, 12, 14, 16))) if hard and dice.random() < 0.75 else None
    answered = happened(max(working_hour(received + timedelta(days=days), dice), received + timedelta(minutes=40)))
    if dice.random() < 0.05:
        answered = None
    closed = happened(answered + timedelta(hours=dice.randrange(1, 72))) if answered else None
    called = None
    if closed and dice.random() < 0.9:
        late = dice.random() < 0.25
        called = happened(closed + (timedelta(days=dice.randrange(1, 6)) if late else timedelta(minutes=dice.randrange(5, 50))))
    upheld = yes(0.55, dice, blank=0.06) if closed else ""
    row = dict.fromkeys(COLUMNS, "")
    row |= {
        "工单号": f"TS{received:%Y%m%d}{number:04d}",
        "受理时间": spelled(received, dice),
        "受理渠道": dice.choice(CHANNELS),
        "投诉类别": kind,
        "产品": dice.choice(PRODUCTS[kind]),
        "地区": dice.choice(DISTRICTS),
        "投诉内容": dice.choice(TEXTS[kind]),
        "客户编号": f"C{dice.randrange(10**6, 10**7)}",
        "客户姓名": dice.choice(SURNAMES) + "某",
        "联系电话": f"1{dice.choice('35789')}{dice.randrange(10)}****{dice.randrange(10**4):04d}",
        "索赔金额": amount(dice),
        "影响客户数": str(many),
        "是否断网": yes(0.4, dice) if kind == "网络故障" else "否",
        "是否疑难": "是" if hard else "否",
        "法律风险": yes(0.015, dice, blank=0.03),
        "媒体曝光": yes(0.02, dice),
        "人身伤害": "否",
        "监管介入": yes(0.04, dice),
        "重复投诉次数": str(repeated),
        "首问责任人": dice.choice(HANDLERS),
        "处理人": dice.choice(HANDLERS),
        "派单时间": spelled(happened(received + timedelta(minutes=dice.randrange(5, 300))), dice),
        "延期告知时间": spelled(happened(told), dice),
        "答复时间": spelled(answered, dice),
        "办结时间": spelled(closed, dice),
        "回访时间": spelled(called, dice),
        "是否满意": yes(0.8, dice, blank=0.1) if called else "",
        "投诉是否成立": upheld,
        "登记等级": dice.choices(("一般", "较大", "重大"), weights=(85, 12, 3))[0],
    }
    if dice.random() < 0.06 and answered:
        start = received + timedelta(days=1)
        end = start + timedelta(days=dice.randrange(1, 5))
        row["等待客户"] = f"{start:%Y-%m-%dT%H:%M}/{end:%Y-%m-%dT%H:%M}" if end < AS_OF else f"{start:%Y-%m-%dT%H:%M}/"
    if upheld == "是" and closed:
        responsibility(row, kind, closed, dice)
    return row


def responsibility(row: dict[str, str], kind: str, closed: datetime, dice: random.Random) -> None:
    """Fill in who was responsible, and the four things an upheld complaint asks for; some are forgotten."""
    if dice.random() < 0.8:
        row["责任认定时间"] = spelled(happened(closed - timedelta(hours=1)), dice)
        row["责任部门"] = DEPARTMENTS[kind]
        if dice.random() < 0.7:
            row["责任班组"] = f"{row['地区'][:2]}{dice.randrange(1, 4)}班"
            if dice.random() < 0.6:
                # Now and then the handler judges a complaint about himself.
                row["责任人"] = row["处理人"] if dice.random() < 0.12 else dice.choice(HANDLERS)
    done = dice.random() < 0.7
    row["原因分析"] = dice.choice(CAUSES) if done or dice.random() < 0.6 else ""
    row["责任人处理时间"] = spelled(closed - timedelta(minutes=50), dice) if done or dice.random() < 0.5 else ""
    row["整改措施"] = "已整改并复核" if done or dice.random() < 0.6 else ""
    row["培训时间"] = spelled(closed - timedelta(minutes=30), dice) if done or dice.random() < 0.3 else ""


def spoil(rows: list[dict[str, str]]) -> None:
    """Put in, at fixed places, what is wrong in every real export."""
    rows[7]["受理时间"] = ""
    rows[23]["受理时间"] = "昨天上午"
    rows[48]["受理时间"] = "2026-02-30 10:15:00"
    rows[66]["受理时间"] = "0206/1/28 9:30"
    rows[12]["索赔金额"] = "约五百元"
    rows[31]["投诉类别"] = "网络故账"
    rows[55]["重复投诉次数"] = "两次"
    rows[78]["是否断网"] = "不详"
    rows[90]["影响客户数"] = "N/A"
    rows[101]["答复时间"] = "已电话答复"
    rows[117]["工单号"] = rows[116]["工单号"]
    rows[133]["法律风险"] = "待定"
    rows[140]["答复时间"], rows[140]["办结时间"] = "2026/1/1 8:00", ""
    rows[151]["联系电话"] = ""
    rows[160]["投诉类别"] = ""
    # A cell a spreadsheet would run, and one that breaks a careless page.
    rows[12]["投诉内容"] = "=HYPERLINK(\"http://example.invalid\",\"点此退款\")"
    rows[13]["投诉内容"] = "页面显示<b>欠费</b>&停机，\n要求当日恢复，\"马上\"答复"


def records() -> list[dict[str, str]]:
    """Return all records in the order of receipt, the spoilt ones included."""
    dice = random.Random(SEED)
    span = int((AS_OF - datetime(2026, 1, 5, 8, 0)).total_seconds() // 60)
    # Twice as dense in the last month, so that some cases are still open.
    minutes = sorted(dice.randrange(span) if dice.random() < 0.55 else dice.randrange(span * 6 // 10, span) for _ in range(ROWS))
    start = datetime(2026, 1, 5, 8, 0)
    rows = [complaint(number, start + timedelta(minutes=minute), dice) for number, minute in enumerate(minutes, start=1)]
    spoil(rows)
    return rows


def write(path: Path) -> int:
    """Write the export with its closing line of totals; return the number of source rows."""
    rows = records()
    with path.open("w", encoding="gb18030", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(rows)
        table.writerow({"工单号": f"合计：{len(rows)}件"})
    return len(rows) + 1


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("complaints.csv")
    print(f"{target}: {write(target)}")
