"""Why a file could not be opened, in words: what the operating system says of it, in both languages."""

from __future__ import annotations

import errno
from typing import Final

from complaint_policy.texts import Text

__all__ = ["cause_of"]

_KNOWN: Final = {
    errno.ENOENT: "文件或文件夹不存在",
    errno.EISDIR: "是文件夹，不是文件",
    errno.ENOTDIR: "路径中有一部分不是文件夹",
    errno.EACCES: "没有访问权限",
    errno.EPERM: "操作不被允许",
    errno.EEXIST: "文件已存在",
    errno.ENOSPC: "磁盘空间不足",
    errno.EROFS: "文件系统为只读",
    errno.ENAMETOOLONG: "文件名过长",
    errno.EMFILE: "打开的文件过多",
    errno.EIO: "读写时出错",
    errno.ELOOP: "符号链接循环",
}


def cause_of(error: BaseException) -> Text:
    """What an error of the system, or a name no file can have, was about; of an unknown one what the system says."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return Text(said, _KNOWN.get(getattr(error, "errno", None) or 0, said))
