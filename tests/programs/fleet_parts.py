"""Guests, consumers and detached programs of fleet_kills, each a real process that may die at any time, with a
workload by which every program's counts are known.

A guest reads orders "KEY CALLS NUMBER" and makes that many getsid(KEY) calls; a program counts those of its own key."""
import collections
import fnmatch
import re
import shutil
import signal
import sqlite3
import tempfile

from fleet_harness import *

GETSID = 124
PERL = ("$|=1; while (<STDIN>) { my ($k, $n, $o) = split; syscall(%d, $k + 0) for 1..$n; print \"$o\\n\"; }" % GETSID)
SCRIPT = "%s:syscall::getsid:entry /arg0 == %d/ { @[vmname] = count(); }"
ENABLED = re.compile(r"enabled in|no guest matches yet")

# why probec --attach may end though its program lives: the coordinator went away, or has just come; a killed one's session
NOT_ATTACHED = re.compile("coordinator|has not come back yet; try again|is attached to pid")


class Guest:
    """One life of a guest."""

    def __init__(self, fleet, name):
        self.name, self.orders = name, 0
        self.process = fleet.start(BIN / "probevm", "exec", "--name", name, "--", "perl", "-e", PERL,
                                   stdin=subprocess.PIPE)

    def alive(self):
        return self.process.p.poll() is None

    def work(self, key, calls):
        """The order's number."""
        self.orders += 1
        try:
            self.process.say(f"{key} {calls} {self.orders}\n")
        except BrokenPipeError:
            pass
        return self.orders

    def done(self, order):
        return str(order) in self.process.out().split()

    def programs(self):
        """Idents of the programs that fire here, by its control page; None when it has none."""
        try:
            return committed_programs(self.process.pid)
        except (OSError, AssertionError):
            return None


class Program:
    """What consumers have in common: a key, guests that match, and the work they were given."""

    def __init__(self, fleet, key, target, *options):
        self.fleet, self.key, self.target = fleet, key, target
        self.ident = None
        self.work = []  # (guest, calls, order)
        self.ending = None  # how it was told to end
        self.process = fleet.start(BIN / "probec", "-E", *options, "-n", SCRIPT % (target, key))

    def never_began(self):
        """There was no coordinator, which probec waits for only once it has had one."""
        return "no coordinator answers" in self.process.err() and self.process.p.returncode == 1

    def describe(self):
        return (self.key, self.ident, self.ending, self.process.err())

    def prints(self):
        """Somebody has been told to print what was counted until then."""
        return False

    def matches(self, guest):
        return fnmatch.fnmatchcase(guest.name, self.target)

    def give_work(self, guests, chance):
        """To those that run it: from here on no call may be missed."""
        for guest in guests:
            if self.ident and self.matches(guest) and guest.alive() and self.ident in (guest.programs() or ()):
                calls = chance.randrange(1, 30)
                self.work.append((guest, calls, guest.work(self.key, calls)))

    def idle(self):
        return all(not guest.alive() or guest.done(order) for guest, _, order in self.work)

    def check_counts(self, process, all_done=True):
        """What was printed has every call that was made before the end was asked for, and none that was not ordered."""
        got = table(process.out())
        least, most = collections.Counter(), collections.Counter()
        for guest, calls, order in self.work:
            most[guest.name] += calls
            least[guest.name] += calls if all_done and guest.done(order) else 0
        for name in set(got) | set(most):
            assert least[name] <= got.get(name, 0) <= most[name], \
                f"program {self.ident} (key {self.key}): {name} made {least[name]} to {most[name]} calls, " \
                f"counted {got.get(name, 0)}\n{process.err()}"
        return sum(got.values())

    def kill(self):
        self.ending = "kill"
        self.killer = self.fleet.start(BIN / "probectl", "kill", self.ident)

    def kill_again(self):
        """If there was no coordinator to take it, or it died before it could say that it did."""
        if self.ending == "kill" and (self.killer.p.poll() or 0) != 0:
            self.kill()


class Consumer(Program):
    """probec -E, which stays."""

    def __init__(self, fleet, key, target):
        super().__init__(fleet, key, target)
        self.enabled = False

    def alive(self):
        return self.process.p.poll() is None

    def look(self, listed):
        self.enabled = self.enabled or bool(ENABLED.search(self.process.err()))
        if self.enabled and self.ident is None:
            self.ident = next((p["ident"] for p in listed if p["pid"] == self.process.pid), None)

    def interrupt(self):
        self.ending = "interrupt"
        self.process.signal(signal.SIGINT)

    def die(self):
        self.ending = "SIGKILL"
        self.process.signal(signal.SIGKILL)


class Detached(Program):
    """probec -E --detach, and now and then probec --attach."""

    def __init__(self, fleet, key, target):
        super().__init__(fleet, key, target, "--detach")
        self.attached = None  # a process
        self.shown = False  # it has been told to print

    def describe(self):
        attached = self.attached and (self.attached.p.poll(), self.shown, self.idle(), self.attached.err())
        return (*super().describe(), attached)

    def prints(self):
        return self.shown and self.attached is not None

    def look(self):
        """The process that has printed what was counted until now, if any."""
        if self.ident is None and self.process.p.poll() is not None:
            if self.never_began():
                self.ending = "never began"
                return None
            assert self.process.p.returncode == 0, self.process.err()
            self.ident = re.search(r"^program ([0-9a-f]{32}) runs detached$", self.process.out(), re.M)[1]
        if self.attached is None:
            return None
        if self.attached.p.poll() is None:
            if not self.shown and ENABLED.search(self.attached.err()) and self.idle():
                self.shown = True
                self.attached.signal(signal.SIGINT)
            return None
        process, self.attached = self.attached, None
        assert self.shown or self.ending or process.p.returncode == -signal.SIGKILL or NOT_ATTACHED.search(process.err()), \
            process.err()
        return process if self.shown and not self.ending and process.p.returncode == 0 else None

    def attach(self):
        self.shown = False
        self.attached = self.fleet.start(BIN / "probec", "--attach", self.ident)


def journal(base):
    """Of a copy, for the coordinator keeps others out: {ident: state}."""
    with tempfile.TemporaryDirectory() as copy:
        for name in ("journal.sqlite", "journal.sqlite-wal"):
            if (base / name).exists():
                shutil.copy(base / name, copy)
        db = sqlite3.connect(f"{copy}/journal.sqlite")
        try:
            return {ident.hex(): state for ident, state in db.execute("SELECT ident, state FROM programs")}
        finally:
            db.close()


def descendants(root):
    """A process, its children, and theirs."""
    children = collections.defaultdict(list)
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                children[int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])].append(int(entry.name))
            except (OSError, IndexError):
                pass
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children[pid]
    return found


def rss(pid):
    """KiB."""
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def descriptors(pid):
    """What a process has open, without the numbers."""
    return sorted(re.sub(r"\d+", "N", os.readlink(fd)) for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir())
