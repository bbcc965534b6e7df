"""Which shared libraries a program needs, by ldd(1)."""
import functools
import re
import subprocess

from .errors import Missing


@functools.lru_cache(maxsize=None)
def libraries(path: str) -> tuple:
    """Absolute paths, the loader among them; empty for scripts and static programs."""
    with open(path, "rb") as f:
        if f.read(4) != b"\x7fELF":
            return ()
    run = subprocess.run(["ldd", path], capture_output=True, text=True)
    lost = re.findall(r"(\S+) => not found", run.stdout)
    if lost:
        raise Missing(f"{path} needs {', '.join(lost)}, which this machine does not have")
    return tuple(re.findall(r"(/\S+) \(0x", run.stdout))
