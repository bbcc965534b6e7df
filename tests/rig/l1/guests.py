"""The Linux guests that the rig's tests start in the host: one initramfs a kernel, made by tools/guestkit with
this build's module and agent, the workload and the loop that obeys the console."""
import os
import pathlib

from guestkit import initramfs, kernels
from guestkit.errors import Missing


def make(source: pathlib.Path) -> pathlib.Path:
    """build/rig/guests with a folder for each kernel, and what a process guest needs. Files whose contents are the same stay as they are, so that
    the host's disk image stays too."""
    out = source / "build/rig/guests"
    build = pathlib.Path(os.environ.get("HP_BUILD") or source / "build/dev")
    workload, liar = (build / "tests/rig" / p for p in ("workload", "hostile_agent"))
    agent = pathlib.Path(os.environ.get("HP_BIN") or source / "build/bin") / "hyprobe-agent"
    for needed in (workload, liar, agent):
        if not needed.exists():
            raise Missing(f"{needed} is not built")
    for series in kernels.SERIES:
        module = source / f"build/rig/module-{series}/hyprobe.ko"
        if not module.exists():
            raise Missing(f"{module} is not built (tools/kernels installs the headers that it needs)")
        kernel = kernels.find(series)
        image = initramfs.make(kernel, hostname="guest-" + series, script=source / "tests/rig/guest/commands",
                               module=module, agent=agent,
                               added=[(workload, "/bin/workload"), (liar, "/bin/hostile_agent"),
                                      (source / f"build/rig/hostile-{series}/hostile.ko", "/modules/hostile.ko")])
        folder = out / series
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "initramfs", image)
        _write(folder / "vmlinuz", kernel.image.read_bytes())
    _write(out / "workload", workload.read_bytes(), 0o755)
    _write(out / "commands", (source / "tests/rig/guest/commands").read_bytes(), 0o755)
    return out


def _write(path, content, mode=0o644):
    if not path.exists() or path.read_bytes() != content:
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_bytes(content)
        partial.chmod(mode)
        partial.rename(path)
