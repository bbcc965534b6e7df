"""A Debian system with systemd on an ext4 image, without mounting anything and, with fakeroot(1), without root.

mmdebstrap(1) makes the system as a tar archive; a second archive has what is ours; mke2fs -d makes a file
system of both.
"""
import crypt
import hashlib
import io
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tarfile
import tempfile
import uuid

from . import elf, kernels, places
from .errors import Failed, Missing
from .initramfs import MODULES, files

# dbus: without it systemd-logind does not run, which the power button needs.
PACKAGES = ("systemd-sysv", "dbus", "udev", "kmod", "login", "passwd", "procps")
# Modules that systemd asks for by name.
WANTED = ("autofs4",)
# What a guest of an hour does not need, and what would make its first minute longer.
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer",
          "systemd-timesyncd.service", "e2scrub_reap.service",
          # There is no screen, only the serial console.
          "getty-static.service", "getty@tty1.service")
# What mmdebstrap says when the archive is out of reach, and not when a package is wrong.
_NO_ARCHIVE = re.compile(r"Could not resolve|Failed to fetch|Could not connect|Unable to connect|Connection |Cannot initiate")


def make(image: pathlib.Path, kernel, *, hostname: str, module, agent, added, suite="bookworm", mirror=None,
         packages=(), size="1G", password="", cache=None):
    """cache: a folder for the system of packages alone, which is most of the work; it is kept as it was made first."""
    for tool, package in (("mmdebstrap", "mmdebstrap"), ("mke2fs", "e2fsprogs"), ("depmod", "kmod")):
        if shutil.which(tool, path=_path()) is None:
            raise Missing(f"no {tool} (package {package})")
    if not re.fullmatch(r"[0-9]+[KMG]", size):
        raise Missing(f"--size {size}: a number with K, M or G")
    with tempfile.TemporaryDirectory(dir=image.parent) as work:
        work = pathlib.Path(work)
        debian = _cached(cache, suite, mirror, packages, password) if cache else work / "debian.tar"
        if not debian.exists():
            made = work / "new.tar"
            _debian(made, suite, mirror, packages, password)
            shutil.move(made, debian)
        _ours(work / "ours.tar", kernel, hostname, module, agent, added)
        _image(work, debian, image, kernel.release, size)


def _cached(folder, *inputs) -> pathlib.Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve() / f"{hashlib.sha256(repr((PACKAGES, inputs)).encode()).hexdigest()[:24]}.tar"


def _debian(out, suite, mirror, packages, password):
    # With an empty hash no password is asked for.
    encrypted = crypt.crypt(password, crypt.mksalt(crypt.METHOD_SHA512)) if password else ""
    command = ["mmdebstrap", "--variant=minbase", f"--include={','.join((*PACKAGES, *packages))}",
               "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
               "--dpkgopt=path-exclude=/usr/share/man/*",
               f"--customize-hook=chroot \"$1\" usermod -p {shlex.quote(encrypted)} root", suite, str(out)]
    if mirror:
        command.append(mirror)
    run = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if run.returncode:
        hint = "" if os.geteuid() == 0 else "\nWithout root it needs newuidmap(1) (package uidmap) and a range in /etc/subuid."
        kind = Missing if _NO_ARCHIVE.search(run.stderr) else Failed
        raise kind("mmdebstrap failed:\n" + "\n".join(run.stderr.splitlines()[-15:]) + hint)


def _ours(out, kernel, hostname, module, agent, added):
    with tarfile.open(out, "w") as tar:
        def put(name, content, mode=0o644):
            info = tarfile.TarInfo(name.lstrip("/"))
            data = content.encode() if isinstance(content, str) else content
            info.size, info.mode = len(data), mode
            tar.addfile(info, io.BytesIO(data))

        def link(name, target):
            info = tarfile.TarInfo(name.lstrip("/"))
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)

        put("etc/hostname", hostname + "\n")
        put("etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {hostname}\n")
        put("etc/machine-id", uuid.uuid4().hex + "\n")  # an empty one is a first boot, with its services
        put("etc/fstab", "/dev/vda / ext4 rw 0 0\n")
        for unit in MASKED:
            link(f"etc/systemd/system/{unit}", "/dev/null")
        modules = f"usr/lib/modules/{kernel.release}"
        for name, content in kernel.closure((*MODULES, *WANTED)):
            put(f"{modules}/kernel/{name}.ko", content)
        for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
            put(f"{modules}/{name}", (kernel.root / "lib/modules" / kernel.release / name).read_bytes())
        if module:
            put(f"{modules}/extra/hyprobe.ko", kernels.stripped(module))
        if agent:
            put("usr/sbin/hyprobe-agent", agent.read_bytes(), 0o755)
            put("etc/systemd/system/hyprobe-agent.service", places.UNIT.read_bytes())
            link("etc/systemd/system/sysinit.target.wants/hyprobe-agent.service", "../hyprobe-agent.service")
        for source, at in added:
            for f, name in files(source, at):
                put(name, f.read_bytes(), os.stat(f).st_mode & 0o777)
                for library in elf.libraries(str(f)):
                    put(f"usr{library}", pathlib.Path(library).read_bytes(), 0o755)


def _image(work, debian, image, release, size):
    """Files keep their owners: as root, or as fakeroot makes believe."""
    script = """set -e
    mkdir tree
    tar -xf "$DEBIAN" -C tree --numeric-owner
    tar -xf ours.tar -C tree --keep-directory-symlink
    depmod -b tree/usr "$RELEASE" 2>/dev/null || depmod -b tree "$RELEASE"
    mke2fs -q -F -t ext4 -m 0 -L hyprobe -d tree disk.ext4 "$SIZE"
    """
    command = ["sh", "-c", script]
    if os.geteuid() != 0:
        if shutil.which("fakeroot") is None:
            raise Missing("no fakeroot (package fakeroot)")
        command = ["fakeroot", *command]
    run = subprocess.run(command, cwd=work, capture_output=True, text=True,
                         env={**os.environ, "PATH": _path(), "DEBIAN": str(debian), "RELEASE": release, "SIZE": size})
    if run.returncode:
        raise Failed("the image could not be made:\n" + run.stderr)
    (work / "disk.ext4").rename(image)


def _path():
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
