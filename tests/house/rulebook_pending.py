"""The rules that no test drives yet, and what will bring them. A rule that is tested leaves this table."""

from __future__ import annotations

PENDING: dict[str, str] = {
    "R30": "录像的申请、批准与导出 / requests, approvals and export of recordings",
    "R34": "画面上画出的区域 / zones drawn on the picture",
}
