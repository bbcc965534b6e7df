# about: python3: subprocess, multiprocessing with shared memory, os.fork, signals, asyncio, sockets
# needs: python3
# filter: 0x[0-9a-f]+ => ADDR
cat > t.py <<'END'
import asyncio, multiprocessing as mp, os, signal, socket, subprocess, sys, time, select, mmap, tempfile, json, ctypes
def square(x): return x * x
def child(conn, v, a):
    conn.send({"got": conn.recv()}); v.value += 5; a[2] = 7
def die(): os.kill(os.getpid(), signal.SIGKILL)
def main():
    print(subprocess.run(["sh", "-c", "echo out; echo err >&2; exit 3"], capture_output=True))
    print(subprocess.check_output("seq 3 | tac", shell=True, text=True).split())
    p = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True); print(p.communicate("through cat"), p.returncode)
    try: subprocess.run(["/nonexistent"])
    except FileNotFoundError as e: print(e)
    try: subprocess.run(["sleep", "60"], timeout=0.1)
    except subprocess.TimeoutExpired as e: print("timed out")
    p = subprocess.Popen(["sleep", "60"], start_new_session=True); p.terminate(); print(p.wait())
    print(subprocess.run(["sh", "-c", "ulimit -n; kill -SEGV $$"], close_fds=True, pass_fds=(), cwd="/").returncode, flush=True)
    for m in ("fork", "spawn", "forkserver"):
        c = mp.get_context(m)
        with c.Pool(3) as pool: print(m, pool.map(square, range(10)))
    a, b = mp.Pipe(); v, arr = mp.Value("i", 10), mp.Array("i", [1, 2, 3])
    p = mp.Process(target=child, args=(b, v, arr)); p.start(); a.send([1, "x"]); print(a.recv()); p.join(); print(p.exitcode, v.value, list(arr))
    p = mp.Process(target=die); p.start(); p.join(); print(p.exitcode)
    hits = []
    signal.signal(signal.SIGUSR1, lambda s, f: hits.append(s)); os.kill(os.getpid(), signal.SIGUSR1); print(hits)
    signal.setitimer(signal.ITIMER_REAL, 0.02); signal.signal(signal.SIGALRM, lambda s, f: hits.append("alarm")); time.sleep(0.1); print(hits)
    def boom(s, f): raise KeyboardInterrupt
    signal.signal(signal.SIGALRM, boom); signal.setitimer(signal.ITIMER_REAL, 0.02)
    try: select.select([], [], [], 30); print("not interrupted")
    except KeyboardInterrupt: print("interrupted")
    s = socket.create_server(("127.0.0.1", 0)); pid = os.fork()
    if not pid:
        c = socket.create_connection(s.getsockname()); c.sendall(b"x" * 100000); c.shutdown(socket.SHUT_WR); os._exit(len(c.recv(100)))
    k, _ = s.accept(); n = 0
    while d := k.recv(4096): n += len(d)
    k.sendall(b"bye"); k.close(); print(n, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    async def co():
        p = await asyncio.create_subprocess_exec("echo", "async", stdout=asyncio.subprocess.PIPE)
        out, _ = await p.communicate()
        async def slow(i): await asyncio.sleep(0.01 * (3 - i)); return i
        srv = await asyncio.start_server(lambda r, w: (w.write(b"served"), w.close()), "127.0.0.1", 0)
        r, w = await asyncio.open_connection(*srv.sockets[0].getsockname()); got = await r.read(); w.close(); srv.close()
        return out, await asyncio.gather(*[slow(i) for i in range(3)]), p.returncode, got
    print(asyncio.run(co()))
    m = mmap.mmap(-1, 8192); m[0:5] = b"hello"; pid = os.fork()
    if not pid: m[0:5] = b"child"; os._exit(0)
    os.waitpid(pid, 0); print(m[0:5])
    r = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 4"], os.environ); print(os.waitpid(r, 0)[1] >> 8)
    print(os.path.basename(os.readlink("/proc/self/exe"))[:7], sys.executable, os.path.basename(sys.argv[0]), sorted(map(int, os.listdir("/proc/self/fd")))[:3])
    libc = ctypes.CDLL(None); cb = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    xs = (ctypes.c_int * 5)(5, 3, 1, 4, 2); libc.qsort(xs, 5, 4, cb(lambda a, b: a[0] - b[0])); print(list(xs))
if __name__ == "__main__": main()
END
/usr/bin/python3 t.py; echo $?; /usr/bin/python3 -c "import os; os.abort()"; echo $?
/usr/bin/python3 -c 'import faulthandler, ctypes; faulthandler.enable(); ctypes.string_at(0)' 2>err; echo $?; head -1 err
/usr/bin/python3 -c 'import sys; sys.exit(33)'; echo $?; echo 'print(input()[::-1])' > r.py; echo gnirts | /usr/bin/python3 r.py
/usr/bin/python3 -c 'raise ValueError("trace")'; echo $?
