"""Debian kernels as tools/packages unpacks them, and their modules with what they depend on.

A folder of kernels has one folder a series, the unpacked linux-image package:

    6.1/boot/vmlinuz-6.1.0-56-cloud-amd64   6.1/lib/modules/6.1.0-56-cloud-amd64/kernel/...
    6.12/...

It is $HYPROBE_KERNELS, or build/rig/kernels of this source tree (tools/kernels fills it).
Dependencies are read from the modules themselves (.modinfo): modules.dep is made on installation only.
"""
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from . import places
from .errors import Missing

SERIES = ("6.1", "6.12")


def folder() -> pathlib.Path:
    return pathlib.Path(os.environ.get("HYPROBE_KERNELS") or places.KERNELS)


class Kernel:
    """One unpacked kernel package (or, with the root folder "/", an installed kernel)."""

    def __init__(self, root: pathlib.Path, release: str):
        self.root = root
        self.release = release
        self.image = root / "boot" / f"vmlinuz-{release}"
        self._modules = root / "lib/modules" / release
        self._files = {}
        for path in (self._modules / "kernel").rglob("*.ko*"):
            self._files[_plain(path.name)] = path
        builtin = self._modules / "modules.builtin"
        self._builtin = {_plain(pathlib.Path(line).name) for line in builtin.read_text().split()}

    def module(self, name: str) -> bytes:
        """The decompressed module. Raises Missing for one that is neither there nor built in."""
        path = self._files.get(_plain(name))
        if path is None:
            raise Missing(f"kernel {self.release} has no module {name}")
        data = path.read_bytes()
        return lzma.decompress(data) if path.suffix == ".xz" else data

    def closure(self, names) -> list:
        """[(name, bytes)] of the modules and all that they need, in the order in which insmod takes them.
        What is built into the kernel is left out."""
        order, visited = [], set()

        def visit(name, content):
            visited.add(name)
            for dependency in depends(content):
                add(dependency)
            order.append((name, content))

        def add(name):
            name = _plain(name)
            if name not in visited and name not in self._builtin:
                visit(name, self.module(name))

        for name in names:
            add(name)
        return order


def depends(module: bytes) -> list:
    """Names of the modules that this one needs."""
    match = re.search(rb"(?:^|\0)depends=([^\0]*)", module)
    return [_plain(n) for n in match.group(1).decode().split(",") if n] if match else []


def find(series: str) -> Kernel:
    """The kernel of a series ("6.1"), or of a folder into which a linux-image package was unpacked."""
    root = pathlib.Path(series) if "/" in series else folder() / series
    for modules in sorted(root.glob("lib/modules/*"), reverse=True):
        if (root / "boot" / f"vmlinuz-{modules.name}").exists() and (modules / "modules.builtin").exists():
            return Kernel(root, modules.name)
    raise Missing(f"no kernel in {root} ({places.NO_KERNEL})")


def stripped(module: pathlib.Path) -> bytes:
    """A module without its debug information, which is most of it; as it is where there is no strip(1)."""
    if shutil.which("strip") is None:
        return module.read_bytes()
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["strip", "--strip-debug", "-o", out.name, str(module)], check=True)
        return pathlib.Path(out.name).read_bytes()


def _plain(name: str) -> str:
    """virtio-rng.ko.xz -> virtio_rng, as the kernel spells a loaded module."""
    return re.sub(r"\.ko(\.xz)?$", "", name).replace("-", "_")
