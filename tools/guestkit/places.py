"""Where this copy of mkguest finds what it puts into guests: in the source tree's build, or as the Debian packages
hyprobe-agent and hyprobe-dkms install it."""
import pathlib

_TOP = pathlib.Path(__file__).resolve().parents[2]
_TREE = (_TOP / "guest/linux/module").is_dir()

AGENT = _TOP / "build/bin/hyprobe-agent" if _TREE else pathlib.Path("/usr/sbin/hyprobe-agent")
UNIT = (_TOP / "packaging/systemd" if _TREE else pathlib.Path("/usr/lib/systemd/system")) / "hyprobe-agent.service"
KERNELS = _TOP / "build/rig/kernels" if _TREE else pathlib.Path("kernels")
DEFAULT_KERNEL = "6.1" if _TREE else "/"
NO_KERNEL = ("tools/kernels downloads Debian's cloud kernels" if _TREE else
             "--kernel / is this machine's own, --kernel ./DIR one of an unpacked linux-image package")


def module(release: str) -> pathlib.Path:
    """hyprobe.ko for a kernel, there or not."""
    if _TREE:
        return _TOP / f"build/rig/module-{'.'.join(release.split('.')[:2])}/hyprobe.ko"
    return pathlib.Path("/lib/modules") / release / "updates/dkms/hyprobe.ko"
