"""The initramfs of a Linux guest: busybox, virtio modules, hyprobe.ko, the agent, a script.

The same one also leads to a disk: with root=DEVICE on the command line it goes on there (guestkit/guest-init).
"""
import os
import pathlib
import subprocess

from . import kernels
from .archive import Archive
from .errors import Missing

# What a machine of probevm has; button, evdev: its power button; pvpanic: how a panic is told from a reset.
MODULES = ("virtio_mmio", "virtio_blk", "virtio_net", "virtio_rng", "virtio_console", "button", "evdev",
           "pvpanic_mmio")
_HERE = pathlib.Path(__file__).parent


def make(kernel, *, hostname: str, script=None, at_end="shell", module=None, agent=None, added=(), modules=()) -> bytes:
    """added: [(file or folder of this machine, path in the guest)]."""
    if not os.access("/bin/busybox", os.X_OK):
        raise Missing("no /bin/busybox (package busybox-static)")
    a = Archive()
    a.device("dev/console", 5, 1)
    for folder in ("proc", "sys", "tmp", "run", "root", "mnt"):
        a.folder(folder)
    a.add("/bin/busybox", "bin/busybox")
    applets = subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True, check=True).stdout.split()
    for applet in applets:
        if applet != "busybox":
            a.link(f"bin/{applet}", "busybox")
    a.file("init", (_HERE / "guest-init").read_bytes(), 0o755)
    a.file("etc/passwd", "root::0:0:root:/root:/bin/sh\n")
    a.file("etc/group", "root:x:0:\n")
    a.file("etc/hosts", f"127.0.0.1 localhost {hostname}\n")
    a.file("etc/hostname", hostname + "\n")
    a.file("etc/acpi/PWRF/00000080", "#!/bin/sh\npoweroff -f\n", 0o755)
    order = kernel.closure([*MODULES, *modules])
    for name, content in order:
        a.file(f"modules/{name}.ko", content)
    a.file("modules/order", "".join(f"{name}\n" for name, _ in order))
    if module:
        a.file("modules/hyprobe.ko", kernels.stripped(module))
    if agent:
        a.add(str(agent), "bin/hyprobe-agent")
    if script:
        a.file("script", pathlib.Path(script).read_bytes(), 0o755)
    a.file("at-end", at_end + "\n")
    for source, name in added:
        for f, inside in files(source, name):
            a.add(str(f), inside)
    return a.end()


def files(source: pathlib.Path, name: str):
    """(file, path in the guest) of a file, or of all files of a folder."""
    if source.is_dir():
        for f in sorted(source.rglob("*")):
            if f.is_file():
                yield f, f"{name}/{f.relative_to(source)}"
    else:
        yield source, name
