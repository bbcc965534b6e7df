"""For test scripts in the host: Linux guests and process guests, a coordinator, consumers.

    with Fleet() as fleet:
        web = fleet.linux("web1", "6.1")
        consumer = fleet.probec("-E", "-n", "web1:syscall::getppid:entry { @ = count(); }")
        web.do("workload 10")
        consumer.stop()                       # SIGINT; .out is its standard output, .err what it said
"""
import codecs
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time

LIMIT = 200  # seconds for anything, unless told otherwise
AGENT_LOG = "/run/hyprobe-agent.log"
AGENT_PID = "$(cat /run/hyprobe-agent.pid)"


class Failure(AssertionError):
    pass


class Process:
    """A child, its output collected line by line as it comes."""

    def __init__(self, name, command, env, stdin=subprocess.DEVNULL):
        self.name = name
        self.p = subprocess.Popen([str(c) for c in command], stdin=stdin, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, env=env)
        self._changed = threading.Condition()
        self._text = {"out": "", "err": ""}
        self._threads = [threading.Thread(target=self._collect, args=(k, f), daemon=True)
                         for k, f in (("out", self.p.stdout), ("err", self.p.stderr))]
        for t in self._threads:
            t.start()

    @property
    def out(self):
        return self._text["out"]

    @property
    def err(self):
        return self._text["err"]

    @property
    def status(self):
        return self.p.poll()

    def wait_for(self, pattern, stream="out", since=0, limit=LIMIT):
        """The first match of a regular expression in the stream from an offset on. Raises if the process ends
        before that."""
        end = time.monotonic() + limit
        with self._changed:
            while True:
                match = re.compile(pattern, re.M).search(self._text[stream], since)
                if match:
                    return match
                ended = not any(t.is_alive() for t in self._threads)
                if ended or not self._changed.wait(min(1.0, max(0.0, end - time.monotonic()))):
                    if ended or time.monotonic() >= end:
                        why = f"ended with {self.p.wait(10)}" if ended else f"not within {limit} s"
                        raise Failure(f"{self.name}: no {pattern!r}: {why}\n--- out\n{self.out[-3000:]}"
                                      f"\n--- err\n{self.err[-3000:]}")

    def send(self, number):
        self.p.send_signal(number)

    def wait(self, limit=LIMIT):
        """Until it has ended and all its output is here; its status, -N for signal N."""
        try:
            status = self.p.wait(limit)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} did not end within {limit} s\n{self.out[-2000:]}\n{self.err[-2000:]}") from None
        for t in self._threads:
            t.join(limit)
        return status

    def stop(self, number=signal.SIGINT):
        """Asks it to end, and waits for that."""
        if self.p.poll() is None:
            self.send(number)
        return self.wait()

    def _collect(self, stream, source):
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        held = ""  # a carriage return whose line feed may come with the next chunk
        while chunk := os.read(source.fileno(), 1 << 16):
            text = held + decoder.decode(chunk)
            held = "\r" if text.endswith("\r") else ""
            with self._changed:
                self._text[stream] += text.removesuffix("\r").replace("\r\n", "\n")
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


class Linux(Process):
    """A Linux guest whose console executes what do() says."""

    def __init__(self, name, command, env):
        super().__init__(name, command, env, stdin=subprocess.PIPE)
        self._seen = 0

    def up(self, limit=LIMIT):
        """When its userland has started; also after a reboot."""
        self._seen = self.wait_for(r"^@ready$", since=self._seen, limit=limit).end()
        return self

    def say(self, command):
        """Starts a command whose end is not waited for."""
        self.p.stdin.write((command + "\n").encode())
        self.p.stdin.flush()

    def do(self, command, limit=LIMIT, status=0):
        """Runs a shell command in the guest; what it printed."""
        self.say(command)
        return self.done(command, limit, status)

    def done(self, command="", limit=LIMIT, status=0):
        """Waits for what say() has started; what it printed."""
        match = self.wait_for(r"^@done (\d+)$", since=self._seen, limit=limit)
        text = self.out[self._seen:match.start()].strip("\n")
        self._seen = match.end()
        if status is not None and int(match.group(1)) != status:
            raise Failure(f"{self.name}: {command}: status {match.group(1)}\n{text}")
        return text

    def stop_agent(self):
        self.do(f"kill {AGENT_PID}; while [ -d /proc/{AGENT_PID} ]; do usleep 1000; done")

    def start_agent(self, *options):
        self.do(f"hyprobe-agent --foreground {' '.join(options)} > {AGENT_LOG} 2>&1 & echo $! > /run/hyprobe-agent.pid")

    def replace_agent(self, *options, says="knows this guest"):
        """Another agent takes over; when this returns it has heard of the VMM. says: what it logs then."""
        self.stop_agent()
        self.start_agent(*options)
        self.do(f"until grep -q '{says}' {AGENT_LOG}; do usleep 10000; done")

    def done_or_up(self, limit=LIMIT):
        """Waits for what say() has started; false: the guest has booted anew meanwhile."""
        match = self.wait_for(r"^@(done \d+|ready)$", since=self._seen, limit=limit)
        self._seen = match.end()
        return match.group(1) != "ready"


def counts(text) -> dict:
    """What the workload says that it has done: {"getppid": 40, ...}"""
    return {name: int(n) for name, n in re.findall(r"^COUNT (\w+) (\d+)", text, re.M)}


class Fleet:
    """options: of the coordinator."""

    def __init__(self, *options):
        self._options = options
        self._dir = tempfile.TemporaryDirectory(dir="/tmp")
        self.dir = pathlib.Path(self._dir.name)
        self.env = {**os.environ, "PATH": os.environ["PATH"] + ":/guests", "HYPROBE_SOCKET": str(self.dir / "control.sock"),
                    "HYPROBE_BASE": str(self.dir / "base")}
        self._processes = []

    def __enter__(self):
        self.start_coordinator()
        return self

    def __exit__(self, *error):
        for p in reversed(self._processes):
            if p.status is None:
                p.send(signal.SIGKILL)
            p.wait()
        self._dir.cleanup()

    def start_coordinator(self):
        self.coordinator = self._start("probed", "probed", "coordinator", "--foreground", *self._options)
        self.until(lambda: self._probectl("status").returncode == 0, "a coordinator")

    def kill_coordinator(self):
        self.coordinator.send(signal.SIGKILL)
        self.coordinator.wait()

    def linux(self, name, series, *options, cmdline="", memory="256M", wait=True):
        """Starts a Linux guest; with wait it is up and registered."""
        guest = Linux(name, ["probevm", "run", "--name", name, "--kernel", f"/guests/{series}/vmlinuz", "--initramfs",
                             f"/guests/{series}/initramfs", "--memory", memory, "--console", "stdio",
                             "--cmdline", f"hp.hostname={name}.{series} {cmdline}", *options], self.env)
        self._processes.append(guest)
        return self.ready(guest) if wait else guest

    def disk(self, name, image, memory="512M"):
        """Starts what is on a disk, with /rig/vmlinuz and /rig/initramfs."""
        guest = Linux(name, ["probevm", "run", "--name", name, "--kernel", "/rig/vmlinuz", "--initramfs", "/rig/initramfs",
                             "--disk", image, "--rng", "--memory", memory, "--console", "stdio",
                             "--cmdline", "root=/dev/vda"], self.env)
        self._processes.append(guest)
        return guest

    def ready(self, *guests):
        for g in guests:
            g.up()
        for g in guests:
            self.registered(g.name)
        return guests[0] if len(guests) == 1 else guests

    def process(self, name):
        """Starts a process guest: a shell that obeys as a Linux guest does, with the same workload."""
        guest = Linux(name, ["probevm", "exec", "--name", name, "--", "/bin/sh", "/guests/commands"], self.env)
        self._processes.append(guest)
        return self.ready(guest)

    def probec(self, *args, ready=r"enabled in \d+ guests?"):
        """Starts a consumer; when this returns its program is enabled. ready: what it says then, on stderr."""
        consumer = self._start("probec", "probec", *args)
        if ready:
            consumer.wait_for(ready, "err")
        return consumer

    def programs(self) -> list:
        return json.loads(self._probectl("programs", "--json").stdout)["programs"]

    def guests(self) -> list:
        return json.loads(self._probectl("guests", "--json").stdout)["guests"]

    def registered(self, name):
        self.until(lambda: any(g.get("name") == name for g in self.guests()), f"guest {name}")

    def gone(self, name):
        self.until(lambda: all(g.get("name") != name for g in self.guests()), f"the end of guest {name}")

    def _start(self, name, *command):
        p = Process(name, command, self.env)
        self._processes.append(p)
        return p

    def _state(self, process) -> str:
        text = f"--- {process.name}: {'runs' if process.status is None else f'ended with {process.status}'}\n{process.err}"
        if isinstance(process, Linux) and process.status is None:
            try:
                text += process.do("cat /run/hyprobe-agent.log; p=$(pidof hyprobe-agent); cat /proc/$p/stack /proc/$p/syscall; dmesg | tail -n 3; cat /proc/uptime /proc/interrupts | grep -i virtio", 5, None) + "\n"
            except Failure as e:
                text += f"it does not answer: {str(e)[-500:]}\n"
        return text

    def _probectl(self, *args):
        return subprocess.run(["probectl", *args], env=self.env, capture_output=True, text=True, check=False)

    def until(self, condition, what):
        end = time.monotonic() + LIMIT
        while not condition():
            if time.monotonic() > end:
                raise Failure(f"no {what} within {LIMIT} s\n" + "".join(self._state(p) for p in self._processes))
            time.sleep(0.05)
