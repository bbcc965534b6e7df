"""A Debian of minimal size, as often as one is needed: made once for the dependencies of some packages, kept in
build/packaging/root-HASH, and lent out under an overlay, which knows everything that was changed in it.

What runs in it is in namespaces of its own (mounts, processes, network) and dies with the test. Needs root."""
import contextlib
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
KEPT = SOURCE / "build/packaging"
LIMIT = 250  # seconds for anything
# Besides what the packages depend on: an init system that runs in a container, and what the tests use.
BASE = ("systemd-sysv", "dbus", "procps")
# What a life in it leaves behind whichever package it was: logs, dpkg's and systemd's own state, the group.
USUAL = ("/var/lib/dpkg/", "/var/log/", "/var/cache/", "/var/lib/systemd/", "/var/tmp", "/var/lib/dbus", "/var/lib/private",
         "/tmp", "/run", "/dev", "/proc", "/sys", "/test", "/debs", "/root/", "/etc/machine-id", "/etc/group", "/etc/gshadow",
         "/etc/passwd", "/etc/shadow", "/etc/subuid", "/etc/subgid", "/etc/.pwd.lock", "/etc/.updated", "/var/.updated", "/etc/ld.so.cache",
         "/etc/systemd/system/packages-test.service", "/etc/systemd/system/multi-user.target.wants/packages-test.service")


def skip(reason):
    print("SKIPPED: " + reason)
    sys.exit(77)


def check(condition, message):
    if not condition:
        print("FAILED: " + message)
        sys.exit(1)


def run(*command, **options):
    r = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=LIMIT,
                       stdin=subprocess.DEVNULL, **options)
    check(r.returncode == 0, f"{' '.join(str(c) for c in command)}: exit {r.returncode}\n{r.stdout}{r.stderr}")
    return r.stdout


def need_root():
    if os.geteuid() != 0:
        skip("needs root: it mounts, and installs packages in a chroot")


def _dependencies(debs):
    """Names; of alternatives the first. hyprobe-dkms is left out: it would bring a compiler."""
    names = set(BASE)
    own = {d.name.split("_")[0] for d in debs}
    for deb in debs:
        if not deb.name.startswith("hyprobe-dkms"):
            for item in run("dpkg-deb", "-f", deb, "Depends").replace("\n", " ").split(","):
                names.add(item.split("|")[0].split("(")[0].strip())
    return sorted(names - own - {""})


def _place(names):
    return KEPT / f"root-{hashlib.sha256(','.join(names).encode()).hexdigest()[:16]}"


def make(debs):
    need_root()
    if not shutil.which("mmdebstrap"):
        skip("no mmdebstrap")
    names = _dependencies(debs)
    place = _place(names)
    if place.exists():
        return
    KEPT.mkdir(parents=True, exist_ok=True)
    for old in KEPT.glob("root-*"):
        shutil.rmtree(old)
    new = KEPT / f"new-{os.getpid()}"
    command = ["mmdebstrap", "--quiet", "--variant=minbase", "--format=directory", "--dpkgopt=force-unsafe-io",
               f"--include={','.join(names)}", "bookworm", str(new)]
    r = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, stdin=subprocess.DEVNULL)
    if r.returncode:
        shutil.rmtree(new, ignore_errors=True)
        skip("mmdebstrap could not make a Debian: " + " | ".join(r.stderr.splitlines()[-3:]))
    new.rename(place)


@contextlib.contextmanager
def system(debs):
    need_root()
    place = _place(_dependencies(debs))
    if not place.exists():
        skip("there is no fresh Debian (the case root says why)")
    with tempfile.TemporaryDirectory(dir=KEPT) as work:
        yield System(place, pathlib.Path(work))


@contextlib.contextmanager
def copy_of_this_machine():
    need_root()
    # Not on the file system that is copied.
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as work:
        yield System(pathlib.Path("/"), pathlib.Path(work))


class System:
    def __init__(self, lower, work):
        self.lower, self.work = lower, work
        self.upper = work / "upper"
        for d in ("upper", "scratch", "root"):
            (work / d).mkdir()

    def add(self, name):
        """A folder in it, for files of the test's."""
        folder = self.upper / name
        folder.mkdir(exist_ok=True)
        return folder

    def chroot(self, *command):
        """Runs a command where no systemd runs; prints what it prints, ends the test if it fails."""
        self._inside(f"""
            mount -t proc proc root/proc
            mount -t tmpfs -o mode=755 tmpfs root/run
            mount -t tmpfs -o mode=1777 tmpfs root/tmp
            mount --rbind /sys root/sys && mount --rbind /dev root/dev
            exec chroot root env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
        """, *command)

    def boot(self, *command):
        """The same as a unit of a systemd that runs."""
        if not shutil.which("systemd-nspawn"):
            skip("no systemd-nspawn (package systemd-container)")
        units = self.upper / "etc/systemd/system"
        (units / "multi-user.target.wants").mkdir(parents=True)
        (units / "packages-test.service").write_text(f"""[Unit]
After=basic.target dbus.socket systemd-user-sessions.service
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
Environment=DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 HOME=/root
ExecStart=/bin/sh -c '{" ".join(command)} >/test/out 2>&1; echo $? >/test/status'
TimeoutStartSec={LIMIT - 30}
""")
        (units / "multi-user.target.wants/packages-test.service").symlink_to("../packages-test.service")
        kvm = "--bind=/dev/kvm" if os.path.exists("/dev/kvm") else ""
        with _cgroup() as cgroup:
            said = self._inside(f"""
                for group in {cgroup}; do echo $$ >$group/cgroup.procs; done
                mount -t tmpfs tmpfs /run
                exec systemd-nspawn -q --register=no --keep-unit --private-network --console=pipe {kvm} -D root --boot
            """, fails=True)
        status, out = self.upper / "test/status", self.upper / "test/out"
        print(out.read_text() if out.exists() else "")
        if not status.exists() and not out.exists():
            skip("systemd does not run in a container here: " + " | ".join(said.splitlines()[-5:]))
        check(status.exists() and status.read_text().strip() == "0", "in the container:\n" + "\n".join(said.splitlines()[-30:]))

    def _inside(self, script, *command, fails=False):
        """Runs a script in new namespaces, in self.work, where `root` is the system."""
        mounts = f"mount -t overlay overlay -o lowerdir={self.lower},upperdir=upper,workdir=scratch root || exit 99\n"
        p = subprocess.Popen(["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child=KILL",
                              "--mount-proc", "bash", "-c", mounts + script, "inside", *command], cwd=self.work, text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            said, _ = p.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            p.send_signal(signal.SIGKILL)
            said, _ = p.communicate()
            check(False, "timed out:\n" + said)
        if p.returncode == 99:
            skip("no overlay file system can be mounted here: " + said.strip())
        if not fails:
            print(said)
            check(p.returncode == 0, f"{' '.join(command)} ended with status {p.returncode}")
        return said

    def left(self):
        """Paths of files that were made, changed or removed (folders that appeared too), but for what is usual."""
        changed = []
        for folder, folders, names in os.walk(self.upper):
            for name in names + folders:
                path = pathlib.Path(folder) / name
                inside = "/" + str(path.relative_to(self.upper))
                if inside.startswith(USUAL) or any(u.startswith(inside + "/") for u in USUAL):
                    continue
                if path.is_dir() and not path.is_symlink() and (self.lower / inside[1:]).is_dir():
                    continue  # copied up for what is in it
                changed.append(inside)
        return sorted(changed)


@contextlib.contextmanager
def _cgroup():
    """A control group in each hierarchy that systemd uses, taken away at the end."""
    hierarchies = [h for h in ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup")
                   if os.path.exists(h + "/cgroup.procs")]
    groups = [pathlib.Path(h) / f"hyprobe-packages-{os.getpid()}" for h in hierarchies]
    for g in groups:
        g.mkdir()
    try:
        yield " ".join(str(g) for g in groups)
    finally:
        for g in groups:
            for folder, _, _ in os.walk(g, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
