"""Where each scalar begins and ends in the text: for those who point into it."""

from __future__ import annotations

from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a pure build has no C parser

Spans = dict[tuple[int, int], tuple[int, int]]


def scalar_spans(text: str) -> Spans:
    """Offsets of a scalar's beginning and end, by line and column (from 1) of its beginning.

    Broken text has those up to where it breaks.
    """
    spans: Spans = {}
    loader = _LOADER(text)
    try:
        for event in iter(loader.get_event, None):
            if isinstance(event, yaml.ScalarEvent):
                start: Any = event.start_mark
                end: Any = event.end_mark
                spans[start.line + 1, start.column + 1] = (start.index, end.index)
    except (yaml.YAMLError, ValueError):
        pass
    finally:
        loader.dispose()
    return spans
