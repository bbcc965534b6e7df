"""What stands for the real thing in tests of the fleet: a disk that can be full, a guest that answers when the test wants."""
import array
import contextlib
import socket

from fleet_harness import *


class Disk:
    """A small file system of its own, which can be full. Only within in_own_namespace()."""

    def __init__(self, path, size="2m"):
        self.path = path
        path.mkdir(mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "none", path], check=True)

    def fill(self):
        with open(self.path / "filler", "ab", buffering=0) as f, contextlib.suppress(OSError):
            while True:
                f.write(bytes(4096))

    def free(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path / "filler")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.path], check=True)


def in_own_namespace():
    """This test again, where it may mount."""
    if os.environ.get("HP_OWN_NAMESPACE"):
        return
    how = ["unshare", "-m" if os.geteuid() == 0 else "-rm"]
    probe = how + ["mount", "-t", "tmpfs", "none", "/mnt"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        skip("no mount namespace of its own")
    os.environ["HP_OWN_NAMESPACE"] = "1"
    os.execvp(how[0], how + [sys.executable, *sys.argv])


class FakeGuest:
    """A guest's connection, whose answers the test gives when it wants."""

    def __init__(self, fleet, name):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        self.socket.connect(str(fleet.socket))
        self.buffer = b""
        self.request(1, "hello", protocol=2, program="fleet_disasters")
        self.request(2, "guest.register", name=name, hostname=name, osversion="Linux", kind="process", build_id="",
                     doorbell="", vmid=0, running=[])
        while self.message().get("id") != 2:
            pass

    def send(self, **message):
        self.socket.sendall(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def request(self, number, method, **params):
        self.send(id=number, method=method, params=params)

    def notify(self, method, **params):
        self.send(method=method, params=params)

    def message(self):
        while b"\n" not in self.buffer:
            data, ancillary, _, _ = self.socket.recvmsg(65536, socket.CMSG_SPACE(64))
            for _, _, fds in ancillary:
                for fd in array.array("i", fds[:len(fds) // 4 * 4]):
                    os.close(fd)
            assert data, "the coordinator has closed the connection"
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        m = json.loads(line)
        assert "error" not in m, m
        return m

    def expect(self, *methods):
        while True:
            m = self.message()
            if m.get("method") in methods:
                return m["method"], m["params"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
