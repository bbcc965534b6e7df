"""A coordinator, process guests and consumers in a directory of their own, and what they leave behind.

Every process started here carries a mark in its environment, which guests inherit, so that leftovers
are found wherever they were reparented to."""
import json
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

BIN = pathlib.Path(os.environ["HP_BIN"])
LIMIT = 60  # seconds for anything


def skip(reason):
    print("SKIPPED: " + reason)
    sys.exit(77)


def need_kvm():
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        skip("no access to /dev/kvm")


def wait_for(condition, what):
    end = time.monotonic() + LIMIT
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("timed out: " + what)
        time.sleep(0.01)


class Process:
    """A child whose standard error can be watched while it runs."""

    def __init__(self, fleet, *command, stdin=subprocess.DEVNULL):
        self.err_path = fleet.dir / f"err-{uuid.uuid4().hex[:8]}"
        self.out_path = self.err_path.with_name(self.err_path.name.replace("err", "out"))
        self.p = subprocess.Popen([str(c) for c in command], stdin=stdin, stdout=open(self.out_path, "wb"),
                                  stderr=open(self.err_path, "wb"), env=fleet.env, cwd=fleet.dir)

    @property
    def pid(self):
        return self.p.pid

    def out(self):
        return self.out_path.read_text()

    def err(self):
        return self.err_path.read_text()

    def await_err(self, text):
        def seen():
            if text in self.err():
                return True
            assert self.p.poll() is None, f"ended with {self.p.returncode}: {self.err()}"
            return False
        wait_for(seen, f"{text!r} in {self.err()!r}")

    def say(self, text):
        self.p.stdin.write(text.encode())
        self.p.stdin.flush()

    def signal(self, number):
        self.p.send_signal(number)

    def wait(self):
        return self.p.wait(timeout=LIMIT)


class Fleet:
    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hp-fleet-"))
        self.mark = "HP_FLEET_TEST=" + uuid.uuid4().hex
        self.socket = self.dir / "run" / "control.sock"
        self.env = dict(os.environ, HYPROBE_SOCKET=str(self.socket), HYPROBE_BASE=str(self.dir / "base"))
        key, value = self.mark.split("=")
        self.env[key] = value
        self.processes = []
        self.daemon = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for p in self.processes:
            if p.p.poll() is None:
                p.p.kill()
                p.p.wait()
        for pid in self.leftovers():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self, *command, **kw):
        p = Process(self, *command, **kw)
        self.processes.append(p)
        return p

    def coordinator(self, *options):
        self.daemon = self.start(BIN / "probed", "coordinator", "--foreground", *options)
        self.daemon.await_err("listens")
        return self.daemon

    def guest(self, name, *command, options=(), **kw):
        g = self.start(BIN / "probevm", "exec", "--name", name, *options, "--", *command, **kw)
        wait_for(lambda: name in self.guests() or g.p.poll() is not None, f"guest {name}: {g.err()}")
        assert g.p.poll() is None, g.err()
        return g

    def probec(self, *args, enabled=None):
        """probec -E; waits until it says that it is enabled in so many guests."""
        c = self.start(BIN / "probec", "-E", *args)
        if enabled is not None:
            c.await_err("no guest matches yet" if enabled == 0 else f"enabled in {enabled} guest")
        return c

    def ctl(self, *args):
        return subprocess.run([BIN / "probectl", *args], capture_output=True, text=True, env=self.env, timeout=LIMIT)

    def guests(self):
        return {g["name"]: g for g in json.loads(self.ctl("guests", "--json").stdout)["guests"]}

    def programs(self):
        return json.loads(self.ctl("programs", "--json").stdout)["programs"]

    def leftovers(self):
        """Live processes that carry the mark."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                if self.mark.encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                pass
        return found

    def gone(self):
        wait_for(lambda: not self.leftovers(), f"processes left: {self.describe(self.leftovers())}")

    @staticmethod
    def describe(pids):
        lines = []
        for pid in pids:
            try:
                lines.append(f"{pid} " + pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " "))
            except OSError:
                pass
        return "; ".join(lines)


def table(text):
    """The rows of a printed aggregation: {key or (keys...): value}."""
    rows = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 2 and re.fullmatch(r"-?\d+", fields[-1]):
            rows[fields[0] if len(fields) == 2 else tuple(fields[:-1])] = int(fields[-1])
    return rows


def control_page(pid, offset, size):
    """Bytes of a supervisor's control page (transport/control.h)."""
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        if "hyprobe-control" in os.readlink(fd):
            with open(fd, "rb") as f:
                f.seek(offset)
                return f.read(size)
    raise AssertionError("no control page")


def control_word(pid):
    """Its `any` mask."""
    return int.from_bytes(control_page(pid, 248, 8), "little")


def committed_programs(pid):
    """Idents of the programs that fire in a supervisor's guest."""
    COMMITTED, SLOTS, SIZE, FIRST = 2, 64, 24, 272 + 512 * 2 * 8
    slots = control_page(pid, FIRST, SLOTS * SIZE)
    return {slots[i + 8:i + 24].hex() for i in range(0, SLOTS * SIZE, SIZE)
            if int.from_bytes(slots[i:i + 4], "little") == COMMITTED}


def memfds():
    """Mappings and descriptors of program segments and control pages, machine-wide: {(pid, name)}."""
    found = set()
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            for fd in (entry / "fd").iterdir():
                name = os.readlink(fd)
                if "memfd:hyprobe" in name:
                    found.add((int(entry.name), name))
        except OSError:
            pass
    return found


def main(cases, kvm=True):
    if kvm:
        need_kvm()
    name = sys.argv[1]
    cases[name]()
    print("ok")
