# about: programs under ulimit -v and -d, as shells set them: they run, or fail as they would natively
# needs: busybox bash python3
sh -c 'ulimit -v 60000; ulimit -v; exec busybox ls -d /bin /etc'
sh -c 'ulimit -v 60000; ulimit -d 30000; ulimit -a | grep -E "data|memory|virtual|as\b" ; sed -n "/^Max \(data\|address\)/p" /proc/self/limits; ls -d / /bin | grep -c .'
bash -c 'ulimit -Sv 300000; ulimit -Sv; ulimit -Hv; (ulimit -Sv 200000; ulimit -Sv; ls -d /etc); ulimit -Sv'
bash -c 'ulimit -v 2000; ls -d /etc' 2>&1; echo $?
bash -c 'ulimit -v 200000; exec python3 -c "
import resource, os
print(resource.getrlimit(resource.RLIMIT_AS))
try: b = bytearray(400 << 20)
except MemoryError: print(\"MemoryError\")
b = bytearray(20 << 20)
pid = os.fork()
if pid == 0:
  try: b = bytearray(400 << 20)
  except MemoryError: os._exit(5)
  os._exit(6)
print(os.waitpid(pid, 0)[1] >> 8)
"'
bash -c 'ulimit -s unlimited; ulimit -v 60000; ls -d /bin; echo $?'
bash -c 'ulimit -f 0; awk "/^Name/" /proc/self/status; grep -c "Max address space" /proc/self/limits; echo x > file' 2>&1 | cat
