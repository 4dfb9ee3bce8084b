"""Shared fixtures: the real workbook, a place for reports, LibreOffice where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import valuation
from valuation.risk.assumptions import Assumptions

settings.register_profile(
    "default",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("default")

ROOT = Path(__file__).parent.parent
WORKBOOK = ROOT / "assumptions" / "hangang.xlsx"
SYSTEM_PYTHON = "/usr/bin/python3"


@pytest.fixture(scope="session")
def book() -> Assumptions:
    """The assumptions of the real workbook."""
    return valuation.load(WORKBOOK)


def _missing() -> str:
    """Why LibreOffice cannot be used here, or nothing."""
    if shutil.which("soffice") is None:
        return "LibreOffice (soffice) is not installed"
    probe = subprocess.run([SYSTEM_PYTHON, "-c", "import uno"], capture_output=True, check=False)
    return "" if probe.returncode == 0 else "python3-uno is not installed"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip LibreOffice tests where it is missing, unless it is required."""
    marked = [item for item in items if item.get_closest_marker("libreoffice")]
    if not marked or os.environ.get("VALUATION_REQUIRE_LIBREOFFICE"):
        return
    why = _missing()
    if why:
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=f"{why}; .ci/run installs it"))
