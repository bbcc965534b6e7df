"""What consumers print, as values, and what a test script says about its steps."""
import contextlib
import re
import sys
import time
import traceback

_failed = []


@contextlib.contextmanager
def step(name):
    """One thing that a script shows. The script goes on after a failure and says so at the end (finish())."""
    start = time.monotonic()
    try:
        yield
        print(f"ok: {name} ({time.monotonic() - start:.1f} s)", flush=True)
    except Exception as e:  # noqa: BLE001: whatever it is, the other steps are worth knowing
        _failed.append(name)
        where = traceback.extract_tb(e.__traceback__)[-1]
        for frame in traceback.extract_tb(e.__traceback__):
            if "/rig/" in frame.filename:
                where = frame
        print(f"FAILED: {name}: line {where.lineno}: {where.line}\n{type(e).__name__}: {e}", flush=True)


def finish():
    if _failed:
        print(f"failed: {', '.join(_failed)}")
    sys.exit(1 if _failed else 0)


def equal(got, expected, what=""):
    if got != expected:
        raise AssertionError(f"{what} is {got!r}, expected {expected!r}")


def table(text) -> dict:
    """An aggregation of one value: {(key, ...): value}."""
    rows = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 2 and line[:1] == " " and re.fullmatch(r"-?\d+", words[-1]):
            rows[tuple(words[:-1])] = int(words[-1])
    return rows


def quantized(text) -> dict:
    """A quantize() by keys without spaces: {(key, ...): {lower bound: count, ...}}, empty buckets left out."""
    rows, keys, buckets = {}, None, None
    for line in text.splitlines():
        if "Distribution" in line:
            buckets = rows.setdefault(keys, {})
        elif (m := re.match(r"\s*(-?\d+) \|[@ ]*\s(\d+)\s*$", line)) and buckets is not None:
            if int(m.group(2)):
                buckets[int(m.group(1))] = int(m.group(2))
        elif line.strip():
            keys, buckets = tuple(line.split()), None
    return rows
