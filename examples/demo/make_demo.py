"""Write the demo records: about 200 invented telecom complaints, as an operator's system would export them.

Usage: python make_demo.py [complaints.csv]

Everything is invented and drawn with a fixed seed, so the file is the same every time. It is written the way such
exports come: Chinese columns, GB18030, 是/否, dates in three spellings, cells nobody filled in, and a few that are
plainly wrong. The wrong cells are placed by hand in ``spoil``; the rest is drawn.
"""

from __future__ import annotations

import csv
import random
import sys
from datetime import datetime, timedelta
from pathlib import Path

SEED = 20260325
AS_OF = datetime(2026, 3, 25, 9, 0)
FIRST = datetime(2026, 1, 22, 8, 0)
ROWS = 196
COLUMNS = (
    "工单号", "受理时间", "受理渠道", "投诉类别", "产品", "分公司", "城乡", "网络制式", "投诉内容", "客户编号",
    "客户姓名", "联系电话", "处理人", "故障申告时间", "故障修复时间", "终端原因", "逾期修复告知时间", "已免月租费",
    "申请装机时间", "装机完成时间", "公布装机时限", "装移机费", "我方原因", "争议账单", "前三月均额",
    "账单告知时间", "补足费用时间", "复机时间", "答复时间", "办结时间", "是否满意", "申诉时间", "争议类型",
    "事项发生日", "直接利害关系", "被申诉人明确", "请求事实具体", "已和解执行", "已被受理", "申诉受理告知时间",
    "申诉材料齐全时间", "申诉答复时间", "拒供清单", "拒不改正",
)  # fmt: skip
CHANNELS = ("客服热线", "营业厅", "手机APP", "微信公众号", "网上营业厅")
BRANCHES = ("东城分公司", "西城分公司", "南城分公司", "北城分公司", "开发区分公司")
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张"
HANDLERS = tuple(f"客服{number:02d}" for number in range(1, 13))
TEXTS = {
    "网络故障": (
        "家里宽带频繁掉线，晚上基本不能用",
        "手机在小区内没有信号",
        "昨天起断网，装维师傅一直没来",
        "网速达不到签约带宽",
    ),
    "资费争议": ("账单比平时多出许多，要求解释", "套餐降档被拒绝", "流量超出没有收到提醒", "合约期满后仍扣合约费"),
    "业务订购": ("未经同意开通增值业务", "代理商擅自办理副卡，怀疑诈骗"),
    "装移机": ("装机一直约不上时间", "移机后号码不通", "多次改约，仍未安装"),
    "停复机": ("已缴清欠费仍未复机", "误停机，要求恢复"),
    "携号转网": ("携号转网被以各种理由推脱", "携转短信查询结果与营业厅说法不一致"),
    "服务态度": ("营业员让我自己去网上查", "热线等待二十分钟无人接听", "上门人员迟到且未道歉"),
    "合同纠纷": ("对合同违约金条款不认可", "办理时未说明有24个月合约"),
}
WEIGHTS = (60, 46, 14, 26, 14, 8, 20, 8)
FIXED, MOBILE = ("宽带300M", "宽带1000M", "IPTV"), ("畅享套餐", "流量包")


class Clerk:
    """Draws the cells of one complaint after the other; what lies after the export is not in it."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def chance(self, share: float) -> bool:
        """Whether something of that likelihood is so."""
        return self.dice.random() < share

    def after(self, moment: datetime, low: float, high: float) -> datetime:
        """A moment between two numbers of hours later."""
        return moment + timedelta(minutes=self.dice.randrange(int(low * 60), int(high * 60)))

    def spelled(self, moment: datetime | None) -> str:
        """Spell a time in one of the three ways the branches use."""
        if moment is None or moment > AS_OF:
            return ""
        short = f"{moment.year}/{moment.month}/{moment.day} {moment.hour}:{moment.minute:02d}"
        chinese = f"{moment.year}年{moment.month}月{moment.day}日 {moment:%H:%M}"
        return self.dice.choices((short, f"{moment:%Y-%m-%d %H:%M:%S}", chinese), weights=(6, 3, 1))[0]

    def yes(self, share: float, blank: float = 0.0) -> str:
        """是, 否, or an empty cell."""
        return "" if self.chance(blank) else "是" if self.chance(share) else "否"

    def money(self, amount: float) -> str:
        """An amount as people type it."""
        ways = (f"{amount:.2f}", f"{amount:,.2f}", f"￥{amount:,.2f}", f"{amount:.2f}元")
        return self.dice.choices(ways, weights=(5, 2, 2, 1))[0]

    def complaint(self, number: int, received: datetime) -> dict[str, str]:
        """One complaint, and what was done about it by the day of the export."""
        kind = self.dice.choices(tuple(TEXTS), weights=WEIGHTS)[0]
        product = self.dice.choice(FIXED if kind in ("网络故障", "装移机") and self.chance(0.7) else MOBILE)
        row = dict.fromkeys(COLUMNS, "") | {
            "工单号": f"TS{received:%Y%m%d}{number:04d}",
            "受理时间": self.spelled(received),
            "受理渠道": self.dice.choice(CHANNELS),
            "投诉类别": kind,
            "产品": product,
            "分公司": self.dice.choice(BRANCHES),
            "城乡": self.dice.choices(("城镇", "农村", ""), weights=(70, 22, 8))[0],
            "网络制式": self.dice.choices(("5G", "4G", "3G"), weights=(6, 4, 1))[0] if product in MOBILE else "",
            "投诉内容": self.dice.choice(TEXTS[kind]),
            "客户编号": f"C{self.dice.randrange(10**6, 10**7)}",
            "客户姓名": self.dice.choice(SURNAMES) + "某",
            "联系电话": f"1{self.dice.choice('35789')}{self.dice.randrange(10)}****{self.dice.randrange(10**4):04d}",
            "处理人": self.dice.choice(HANDLERS),
            "拒供清单": "否",
            "拒不改正": "否",
        }
        answered, closed = self.answer(row, received)
        work = {"网络故障": self.fault, "装移机": self.installation, "停复机": self.suspension, "资费争议": self.bill}
        if kind in work:
            work[kind](row, received, closed)
        if (answered is None or row["是否满意"] == "否") and received < AS_OF - timedelta(days=8) and self.chance(0.7):
            self.appeal(row, kind, received, answered)
        return row

    def answer(self, row: dict[str, str], received: datetime) -> tuple[datetime | None, datetime | None]:
        """Answer, closing and satisfaction; one in eight is answered after day 15 or not at all."""
        low, high = self.dice.choices(((1, 120), (120, 360), (372, 600)), weights=(58, 32, 10))[0]
        answered: datetime | None = self.after(received, low, high)
        if answered is None or answered > AS_OF or self.chance(0.035):
            return None, None
        closed = self.after(answered, 0.5, 70)
        row["答复时间"] = self.spelled(answered)
        if closed > AS_OF:
            return answered, None
        row["办结时间"] = self.spelled(closed)
        row["是否满意"] = self.yes(0.76, blank=0.08)
        return answered, closed

    def fault(self, row: dict[str, str], received: datetime, closed: datetime | None) -> None:
        """A fault: 48 hours in town, 72 in the country; late ones are to be told and the rent waived."""
        reported = received - timedelta(minutes=self.dice.randrange(0, 90))
        late = self.chance(0.2)
        repaired = self.after(reported, 49, 110) if late else self.after(reported, 1, 46)
        if closed is not None and repaired > closed:
            repaired = closed - timedelta(minutes=20)
        row["故障申告时间"] = self.spelled(reported)
        if not self.chance(0.03):
            row["故障修复时间"] = self.spelled(repaired)
        row["终端原因"] = self.yes(0.08, blank=0.03)
        if late:
            row["逾期修复告知时间"] = self.spelled(self.after(reported, 30, 48)) if self.chance(0.6) else ""
            row["已免月租费"] = self.yes(0.6)

    def installation(self, row: dict[str, str], received: datetime, closed: datetime | None) -> None:
        """An installation that the customer complains about: late by up to two weeks, or still not done."""
        del closed
        days = self.dice.choice((5, 7, 7, 10))
        ordered = self.after(received, 0, 1) - timedelta(days=days + self.dice.randrange(-3, 3))
        row["申请装机时间"] = self.spelled(ordered)
        row["公布装机时限"] = str(days) if not self.chance(0.06) else ""
        row["装移机费"] = self.money(self.dice.choice((50.5, 100, 108, 158, 300)))
        row["我方原因"] = self.yes(0.75, blank=0.1)
        if self.chance(0.8):
            row["装机完成时间"] = self.spelled(self.after(received, 2, 24 * 8))

    def suspension(self, row: dict[str, str], received: datetime, closed: datetime | None) -> None:
        """A service to be restored within 48 hours of payment."""
        del closed
        paid = received - timedelta(hours=self.dice.randrange(2, 30))
        row["补足费用时间"] = self.spelled(paid)
        row["复机时间"] = self.spelled(self.after(paid, 49, 90) if self.chance(0.3) else self.after(paid, 20, 47))

    def bill(self, row: dict[str, str], received: datetime, closed: datetime | None) -> None:
        """A disputed bill; above five times the average the customer has to be told."""
        average = self.dice.choice((39, 58, 88, 128.5, 199))
        times = self.dice.choice((1.2, 1.6, 2.5, 5, 5.01, 7.5)) if self.chance(0.8) else 9
        row["争议账单"] = self.money(round(average * times, 2))
        row["前三月均额"] = self.money(average) if not self.chance(0.05) else ""
        if times > 5 and closed is not None and self.chance(0.6):
            row["账单告知时间"] = self.spelled(self.after(received, 1, 20))
        if self.chance(0.05):
            row["拒供清单"], row["拒不改正"] = "是", self.yes(0.5, blank=0.2)

    def appeal(self, row: dict[str, str], kind: str, received: datetime, answered: datetime | None) -> None:
        """An appeal to the appeal body: after 15 days without an answer, or after an answer that did not content."""
        appealed = self.after(answered, 24, 24 * 10) if answered else self.after(received, 24 * 14, 24 * 22)
        if appealed > AS_OF:
            return
        row["申诉时间"] = self.spelled(appealed)
        row["争议类型"] = "收费" if kind == "资费争议" else self.dice.choice(("其他", "其他", ""))
        matter = received - timedelta(days=self.dice.choice((3, 20, 60, 170)))
        row["事项发生日"] = f"{matter:%Y-%m-%d}"
        row["直接利害关系"], row["被申诉人明确"], row["请求事实具体"] = "是", "是", self.yes(0.85, blank=0.05)
        row["已和解执行"], row["已被受理"] = self.yes(0.05), self.yes(0.05)
        row["申诉受理告知时间"] = self.spelled(self.after(appealed, 20, 24 * 9))
        row["申诉材料齐全时间"] = self.spelled(self.after(appealed, 0, 48))


def spoil(rows: list[dict[str, str]]) -> None:
    """Put in, at fixed places, what is wrong in every real export."""
    rows[7]["受理时间"] = ""
    rows[23]["受理时间"] = "昨天上午"
    rows[48]["受理时间"] = "2026-02-30 10:15:00"
    rows[66]["受理时间"] = "1026/1/28 9:30"
    rows[12]["争议账单"] = "约五百元"
    rows[31]["投诉类别"] = "网络故账"
    rows[78]["终端原因"] = "不详"
    rows[90]["公布装机时限"] = "七天"
    rows[101]["答复时间"] = "已电话答复"
    rows[102]["城乡"] = "城乡结合部"
    rows[117]["工单号"] = rows[116]["工单号"]
    rows[140]["答复时间"], rows[140]["办结时间"] = "2026/1/1 8:00", ""
    rows[151]["答复时间"] = rows[151]["答复时间"].split(" ")[0]
    rows[160]["投诉类别"] = ""
    # A cell a spreadsheet would run, and one that breaks a careless page.
    rows[12]["投诉内容"] = '=HYPERLINK("http://example.invalid","点此退款")'
    rows[13]["投诉内容"] = '页面显示<b>欠费</b>&停机，\n要求当日恢复，"马上"答复'


def records() -> list[dict[str, str]]:
    """All records in the order of receipt, the spoilt ones included."""
    clerk = Clerk(SEED)
    span = int((AS_OF - FIRST).total_seconds() // 60)
    # Denser towards the end, so that enough cases are still open.
    minutes = sorted(
        span - span * clerk.dice.randrange(1000) * clerk.dice.randrange(300, 1000) // 10**6 for _ in range(ROWS)
    )
    rows = [
        clerk.complaint(number, FIRST + timedelta(minutes=minute)) for number, minute in enumerate(minutes, start=1)
    ]
    spoil(rows)
    return rows


def write(path: Path) -> int:
    """Write the export, with a blank line and the line of totals that closes it; return the number of complaints."""
    rows = records()
    with path.open("w", encoding="gb18030", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(rows)
        table.writerow({})
        table.writerow({"工单号": f"合计：{len(rows)}件"})
    return len(rows)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("complaints.csv")
    print(f"{target}: {write(target)}")
