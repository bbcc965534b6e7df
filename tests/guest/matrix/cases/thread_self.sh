# about: /proc/thread-self is the caller's own, and files that wait or mind their caller, whoever serves the call
# needs: python3
python3 -c 'import os
me = "%d/task/%d" % (os.getpid(), os.getpid())
bad = 0
for i in range(300):
    bad += os.readlink("/proc/thread-self") != me
    with open("/proc/thread-self/comm") as f: bad += f.read() != "python3\n"
    bad += os.stat("/proc/thread-self").st_ino != os.stat("/proc/%s" % me).st_ino
    bad += not os.access("/proc/thread-self/stat", os.R_OK)
print("wrong", bad)
os.chdir("/proc/thread-self"); print(os.getcwd() == "/proc/" + me)'
sh -c 'cat /proc/thread-self/comm; head -1 /proc/thread-self/status'
python3 -c 'import os
for i in range(300):
    f = os.open("/proc/self/oom_score_adj", os.O_WRONLY); os.write(f, b"%d" % i); os.close(f)
print(open("/proc/self/oom_score_adj").read())'
