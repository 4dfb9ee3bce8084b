"""Keep generated kernels on disk, where numba keeps the compiled ones beside them.

The name of a module is the hash of its text, so a file is never out of date: nothing is ever
changed in place, and two processes that write the same file write the same bytes.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from threading import Lock
from types import ModuleType

from valuation.errors import EngineError

_LOCK = Lock()


def default_folder() -> Path:
    """The user's folder for kernels: `VALUATION_CACHE`, or the platform's place for caches."""
    if named := os.environ.get("VALUATION_CACHE"):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "valuation"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/valuation"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "valuation"


def load(source: str, folder: Path | None = None) -> ModuleType:
    """Import a module from its text, compiled or taken from the cache.

    Args:
        source: Text of the module.
        folder: Where modules are kept; a temporary folder if it cannot be written.
    """
    name = f"valuation_kernel_{sha256(source.encode()).hexdigest()[:24]}"
    with _LOCK:
        return sys.modules.get(name) or _imported(name, _stored(name, source, folder))


def _stored(name: str, source: str, folder: Path | None) -> Path:
    try:
        return _write(folder or default_folder(), name, source)
    except (OSError, RuntimeError):  # RuntimeError: the user has no home folder
        return _write(Path(_temporary().name), name, source)


def _write(folder: Path, name: str, source: str) -> Path:
    """Path of the module; written under another name first, so that nobody reads half a file."""
    path, text = folder / f"{name}.py", source.encode()
    if path.is_file() and path.read_bytes() == text:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=folder, suffix=".tmp", delete=False) as file:
        file.write(text)
    os.utime(file.name, (0, 0))  # numba asks whether the time changed: written twice, it must not
    Path(file.name).replace(path)
    return path


@lru_cache(maxsize=1)
def _temporary() -> TemporaryDirectory[str]:
    """A folder of this process, gone when it ends."""
    return TemporaryDirectory(prefix="valuation-", ignore_cleanup_errors=True)


def _imported(name: str, path: Path) -> ModuleType:
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise EngineError(f"{path} cannot be imported. Set VALUATION_CACHE to another folder.")
    module = module_from_spec(spec)
    sys.modules[name] = module  # numba looks for it there when it reads what it compiled
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
