"""The emulated host: what is on its disks, how QEMU is started, how its answer comes back.

Its root is an overlay: tmpfs over read-only ext4 images (added files, this build's programs, Debian's
libraries and busybox), which are made once for the same contents (guestkit.images). Standard output and the
exit status come by two virtio serial ports; the 8250 has the kernel's messages only.
"""
import ctypes
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from guestkit import elf, images, kernels
from guestkit.archive import Archive
from guestkit.errors import Missing

PROGRAMS = ("probec", "probed", "probectl", "probevm", "hyprobe-guest")
DEBIAN = ("/bin/bash", "/usr/bin/python3")
# Of Python's library what a test driver imports; most of it is never read.
PYTHON_WITHOUT = {"test", "idlelib", "lib2to3", "ensurepip", "tkinter", "pydoc_data", "distutils", "site-packages",
                  "unittest", "wsgiref", "turtledemo"}
MODULES = ("virtio_pci", "virtio_blk", "virtio_console", "overlay", "kvm-amd", "irqbypass", "tun")
# The fastest of what was measured (docs/linux-guests.md).
QEMU = ("qemu-system-x86_64", "-accel", "tcg,thread=single", "-cpu", "max,+svm", "-nodefaults", "-no-reboot",
        "-display", "none", "-monitor", "none")
CMDLINE = "console=ttyS0 quiet mitigations=off panic=-1 reboot=t no_timer_check random.trust_cpu=on"
TIMED_OUT, BROKEN = 124, 125
CRASH = re.compile(r"BUG:|Oops|general protection|Kernel panic|Internal error")


class Host:
    def __init__(self, work: pathlib.Path, bin_dir: pathlib.Path, series: str):
        if shutil.which(QEMU[0]) is None:
            raise Missing(f"no {QEMU[0]} (package qemu-system-x86)")
        if not os.access("/bin/busybox", os.X_OK):
            raise Missing("no /bin/busybox (package busybox-static)")
        self._work = work
        self._kernel = kernels.find(series)
        self._programs = [bin_dir / p for p in PROGRAMS if (bin_dir / p).exists()]
        self._added = {}
        self._drives = []

    def replace(self, program: pathlib.Path):
        """Another build of one of PROGRAMS."""
        if not program.exists():
            raise Missing(f"{program} is not built")
        self._programs = [p for p in self._programs if p.name != program.name] + [program]

    def add(self, source: str, name=None):
        """A file or folder of this machine; ELF files bring their libraries."""
        path = pathlib.Path(source)
        name = name or f"/rig/{path.name}"
        if not path.exists():
            raise SystemExit(f"run: no file {source}")
        if path.is_dir():
            for f in path.rglob("*"):
                if f.is_file():
                    self.add(str(f), f"{name}/{f.relative_to(path)}")
            return
        self._added[name] = path
        self._added.update({library: library for library in elf.libraries(str(path))})

    def drive(self, image: str):
        if not os.path.exists(image):
            raise SystemExit(f"run: no file {image}")
        self._drives.append(pathlib.Path(image).resolve())

    def run(self, script: str, args, *, timeout: float, memory: int, cpus: int, keep_log=None) -> int:
        """Prints the script's output as it comes; returns its status, TIMED_OUT or BROKEN."""
        deadline = time.monotonic() + timeout
        layers = self._layers()
        logs = self._work / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="rig-") as run_dir:
            run_dir = pathlib.Path(run_dir)
            (run_dir / "initramfs").write_bytes(self._initramfs(script, args, len(layers)))
            command = [*QEMU, "-m", str(memory), "-smp", str(cpus), "-kernel", str(self._kernel.image),
                       "-initrd", str(run_dir / "initramfs"), "-append", CMDLINE,
                       "-serial", f"file:{run_dir / 'serial'}", *_ports(run_dir)]
            for disk in layers:
                command += ["-drive", f"file={disk},format=raw,if=virtio,readonly=on"]
            for disk in self._drives:
                command += ["-drive", f"file={disk},format=raw,if=virtio,snapshot=on"]
            timed_out = False
            try:
                # QEMU opens its standard output anew, which only a pipe is sure to allow.
                pipe = subprocess.PIPE
                qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, preexec_fn=_die_with_parent)
                copier = threading.Thread(target=_copy, args=(qemu.stdout,))
                copier.start()
                qemu.wait(max(1.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                timed_out = True
                qemu.kill()
                qemu.wait()
            copier.join()
            status = _status(run_dir / "status")
            if keep_log:
                shutil.copy(run_dir / "serial", keep_log)
            if status == 0:
                return 0
            log = logs / f"{pathlib.Path(script).name}-{self._kernel.release}-{os.getpid()}.log"
            shutil.copy(run_dir / "serial", log)
        if timed_out:
            print(f"rig: not done after {timeout:.0f} s; serial log: {log}", flush=True)
            return TIMED_OUT
        if status is None:
            said = log.read_bytes().decode(errors="replace").splitlines()
            first = next((i for i, line in enumerate(said) if CRASH.search(line)), len(said))
            print("\n".join([*said[max(0, first - 3):first + 30], "...", *said[-10:]]), flush=True)
            print(f"rig: the host ended without a status; serial log: {log}", flush=True)
            return BROKEN
        print(f"rig: the script ended with status {status}; serial log: {log}", flush=True)
        return status

    def _layers(self) -> list:
        """Disk images, the lowest first."""
        folder = self._work / "images"
        base = {"/bin/busybox": "/bin/busybox", **{f: f for f in DEBIAN}, **_python_library()}
        for program in (*self._programs, *DEBIAN):
            base.update({library: library for library in elf.libraries(str(program))})
        applets = subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True, check=True).stdout.split()
        links = [(f"/bin/{a}", "busybox") for a in applets if a != "busybox"]
        layers = [images.layer(folder, base, links)]
        if self._programs:
            layers.append(images.layer(folder, {f"/usr/local/bin/{p.name}": p for p in self._programs}))
        if self._added:
            layers.append(images.layer(folder, self._added))
        return layers

    def _initramfs(self, script: str, args, layers: int) -> bytes:
        archive = Archive()
        archive.device("dev/console", 5, 1)
        archive.file("init", (pathlib.Path(__file__).parent / "init").read_bytes(), 0o755)
        archive.add("/bin/busybox", "bin/busybox")
        modules = self._kernel.closure(MODULES)
        for name, content in modules:
            archive.file(f"modules/{name}.ko", content)
        disks = [f"/dev/vd{chr(ord('a') + i)}" for i in range(layers + len(self._drives))]
        archive.file("config", f"modules='{' '.join(n for n, _ in modules)}'\nlayers='{' '.join(disks[:layers])}'\n")
        archive.file("drives", "".join(f"{d} {f.name}\n" for d, f in zip(disks[layers:], self._drives)))
        archive.file("script", pathlib.Path(script).read_bytes(), 0o755)
        for f in (pathlib.Path(__file__).parents[1] / "inside").glob("*.py"):
            archive.file(f"inside/{f.name}", f.read_bytes())
        archive.file("args", "".join(f"{_quoted(a)} " for a in args))
        return archive.end()


def _python_library() -> dict:
    found = {}
    for folder in pathlib.Path("/usr/lib").glob("python3.*"):
        for f in folder.rglob("*"):
            if f.suffix in (".py", ".pyc", ".so") and not PYTHON_WITHOUT.intersection(f.parts) \
                    and not f.parts[4].startswith("config-"):
                found[str(f)] = str(f)
    return found


def _ports(run_dir) -> list:
    return ["-device", "virtio-serial-pci", "-chardev", "file,id=out,path=/dev/fd/1,append=on",
            "-device", "virtserialport,chardev=out,nr=1", "-chardev", f"file,id=status,path={run_dir / 'status'}",
            "-device", "virtserialport,chardev=status,nr=2"]


def _copy(source):
    while chunk := source.read1(1 << 16):
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()


def _status(path):
    text = path.read_text().strip() if path.exists() else ""
    return int(text) if text.isdigit() else None


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
