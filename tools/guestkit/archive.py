"""An initramfs: a cpio archive in the "newc" format (Documentation/driver-api/early-userspace/buffer-format.rst).

    a = Archive(); a.folder("dev"); a.file("init", text, 0o755); a.add("/bin/busybox"); path.write_bytes(a.end())

Everything belongs to root and has no time: the same contents give the same bytes. Parents are made as
needed. Archives may be concatenated; the kernel unpacks one over the other.
"""
import os
import stat

from . import elf


class Archive:
    def __init__(self):
        self._out = bytearray()
        self._names = set()

    def folder(self, name: str, mode=0o755):
        self._entry(name, stat.S_IFDIR | mode, b"")

    def file(self, name: str, content, mode=0o644):
        self._entry(name, stat.S_IFREG | mode, content.encode() if isinstance(content, str) else content)

    def link(self, name: str, target: str):
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def device(self, name: str, major: int, minor: int, mode=0o600):
        self._entry(name, stat.S_IFCHR | mode, b"", major, minor)

    def add(self, path: str, name=None):
        """A file of this machine under the same or another name, with the libraries that it needs."""
        with open(path, "rb") as f:
            self.file(name or path, f.read(), os.stat(path).st_mode & 0o777)
        for library in elf.libraries(path):
            if library.lstrip("/") not in self._names:
                with open(library, "rb") as f:
                    self.file(library, f.read(), 0o755)

    def end(self) -> bytes:
        self._raw("TRAILER!!!", 0, b"", 0, 0)
        return bytes(self._out) + b"\0" * (-len(self._out) % 512)

    def _entry(self, name, mode, content, major=0, minor=0):
        name = name.strip("/")
        parent = os.path.dirname(name)
        if parent and parent not in self._names:
            self.folder(parent)
        self._names.add(name)
        self._raw(name, mode, content, major, minor)

    def _raw(self, name, mode, content, major, minor):
        encoded = name.encode() + b"\0"
        # ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
        fields = (0, mode, 0, 0, 1, 0, len(content), 0, 0, major, minor, len(encoded), 0)
        self._out += b"070701" + b"".join(b"%08X" % f for f in fields) + encoded
        self._out += b"\0" * (-len(self._out) % 4) + content
        self._out += b"\0" * (-len(self._out) % 4)
