"""Read-only ext4 images of files, made once for the same inputs.

    image = layer(folder, {"/usr/local/bin/probec": "build/bin/probec", ...})

An input is told by its path, size and time of change, as make(1) does; the name of the image is the hash
of all of them, so that the image of a changed file is another. Those not used for long are removed.
"""
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

from .errors import Missing

_KEEP = 12  # of images, the last used


def layer(folder: pathlib.Path, files: dict, links=()) -> pathlib.Path:
    """An ext4 image with the files {name in the image: file of this machine} and symbolic links
    (name, target). Several processes may ask for the same image at once."""
    folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(repr(sorted(links)).encode())
    for name, source in sorted(files.items()):
        s = os.stat(source)
        key.update(f"{name}\0{os.path.realpath(source)}\0{s.st_size}\0{s.st_mtime_ns}\0{s.st_mode}\n".encode())
    image = folder / f"{key.hexdigest()[:24]}.ext4"
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if image.exists():
            os.utime(image)
        else:
            with tempfile.TemporaryDirectory(dir=folder) as stage:
                _stage(pathlib.Path(stage), files, links)
                ext4(pathlib.Path(stage), image)
            _forget_old(folder)
    return image


def ext4(tree: pathlib.Path, image: pathlib.Path, size=None, label="hyprobe", journal=False):
    """Makes an ext4 image of a folder, without mounting anything. size: bytes; default: as much as it needs."""
    if shutil.which("mke2fs", path="/usr/sbin:/sbin:" + os.environ.get("PATH", "")) is None:
        raise Missing("no mke2fs (package e2fsprogs)")
    if size is None:
        used, count = 0, 0
        for root, folders, names in os.walk(tree):
            count += len(folders) + len(names)
            used += sum(-(-os.lstat(os.path.join(root, n)).st_size // 4096) * 4096 for n in names)
        size = used * 105 // 100 + count * 512 + (16 << 20)
    partial = image.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    features = [] if journal else ["-O", "^has_journal"]
    run = subprocess.run(
        ["mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-m", "0", "-I", "256", "-L", label, *features,
         "-E", "root_owner=0:0,lazy_itable_init=1", "-d", str(tree), str(partial), f"{-(-size // 4096)}"],
        capture_output=True, text=True, env={**os.environ, "PATH": "/usr/sbin:/sbin:" + os.environ.get("PATH", "")})
    if run.returncode:
        raise Missing(f"mke2fs: {run.stderr.strip()}")
    partial.rename(image)


def _stage(root: pathlib.Path, files, links):
    for name, source in files.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(os.path.realpath(source), path)
    for name, target in links:
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)


def _forget_old(folder):
    images = sorted(folder.glob("*.ext4"), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in images[_KEEP:]:
        old.unlink(missing_ok=True)
