"""The rows of a part in the order of its sheet, groups inside it as headings."""

from __future__ import annotations

from collections.abc import Iterator

from valuation.lines import Model, Row
from valuation.lines.rows import Heading, Part, members, parts_of


def outline(model: Model, path: str) -> Iterator[tuple[str, Row | Heading]]:
    """Yield key and row, or heading, of one sheet; the company's own sheet leaves its parts out."""
    yield from _walk(model, path, model.groups[path], inside=bool(path))


def _walk(
    model: Model, path: str, part: Part, *, inside: bool
) -> Iterator[tuple[str, Row | Heading]]:
    inner = dict(parts_of(part))
    for name, item in members(part):
        key = f"{path}.{name}".lstrip(".")
        if isinstance(item, Heading):
            yield key, item
        elif name in inner and inside:
            yield key, Heading(inner[name].title, inner[name].chinese_title)
            yield from _walk(model, key, inner[name], inside=True)
        elif isinstance(item, Row) and model.key.get(item) == key:
            yield key, item
