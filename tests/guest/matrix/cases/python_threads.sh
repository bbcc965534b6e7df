# about: python3: threads, queues, thread pools
# needs: python3
exec /usr/bin/python3 - <<'END'
import threading, queue, time, concurrent.futures, hashlib, zlib, os
q, r = queue.Queue(), queue.Queue()
def work():
    while (x := q.get()) is not None:
        r.put(x * x)
ts = [threading.Thread(target=work) for _ in range(8)]
for t in ts: t.start()
for i in range(500): q.put(i)
for t in ts: q.put(None)
for t in ts: t.join()
print(sum(r.get() for _ in range(500)), threading.active_count())
with concurrent.futures.ThreadPoolExecutor(8) as ex:
    data = [bytes([i]) * 300000 for i in range(30)]
    print(hashlib.md5("".join(ex.map(lambda d: hashlib.sha256(zlib.compress(d)).hexdigest(), data)).encode()).hexdigest())
lock, cond, n = threading.Lock(), threading.Condition(), 0
def turn(i):
    global n
    with cond:
        cond.wait_for(lambda: n == i)
        n += 1
        cond.notify_all()
ts = [threading.Thread(target=turn, args=(i,)) for i in reversed(range(20))]
for t in ts: t.start()
for t in ts: t.join()
e = threading.Event(); threading.Timer(0.02, e.set).start(); print(n, e.wait(5), e.is_set())
local = threading.local(); local.x = 1
def f(): local.x = 2
t = threading.Thread(target=f, daemon=True); t.start(); t.join(); print(local.x)
pid = os.fork()
if not pid: os._exit(threading.active_count())
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
try:
    b = threading.Barrier(3, timeout=5); ts = [threading.Thread(target=b.wait) for _ in range(3)]
    for t in ts: t.start()
    for t in ts: t.join()
    print("barrier", b.broken)
finally: pass
END
