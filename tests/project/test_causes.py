"""Why a file cannot be opened is told in both languages."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from complaint_policy import InputError, load_policy
from complaint_policy.audit import load_mapping
from complaint_policy.causes import cause_of


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EISDIR, errno.EACCES, errno.ENOSPC, errno.EROFS, errno.ENAMETOOLONG])
def test_usual_causes_have_both_languages(number: int) -> None:
    found = cause_of(OSError(number, os.strerror(number)))
    assert found.en == os.strerror(number)
    assert not found.zh.isascii()


def test_an_unusual_one_is_told_as_it_is() -> None:
    assert cause_of(OSError("odd")).zh == "odd"
    assert cause_of(ValueError("embedded null byte")).en == "embedded null byte"
    assert cause_of(OSError()).en == "OSError"


def test_no_english_in_a_chinese_message(tmp_path: Path) -> None:
    policy = load_policy("cn/telecom")
    with pytest.raises(InputError) as absent:
        policy.audit(tmp_path / "none.csv", as_of="2026-03-01T00:00")
    assert absent.value.render("zh") == f"无法读取“{tmp_path / 'none.csv'}”：文件或文件夹不存在"
    with pytest.raises(InputError) as folder:
        policy.audit(tmp_path, as_of="2026-03-01T00:00")
    assert "是文件夹，不是文件；读取文件夹中的全部 Parquet 文件：pl.scan_parquet(" in folder.value.render("zh")
    assert "Is a directory; all Parquet files of a folder: pl.scan_parquet(" in folder.value.render("en")
    with pytest.raises(InputError) as mapping:
        load_mapping(tmp_path / "none.yaml")
    assert "文件或文件夹不存在" in mapping.value.render("zh")
