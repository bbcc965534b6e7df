# about: what other processes of the guest see of a process: ps, pgrep, /proc/PID/exe, cmdline, fd, task
# needs: bash ps pgrep
cat > script <<'END'
#!/bin/bash
readlink /proc/$$/exe; readlink /proc/$PPID/exe; ls /proc/$$/fd /proc/$$/task > list; sed "s/^$$$/PID/;s:/$$/:/PID/:" list
tr '\0' ' ' < /proc/$$/cmdline; echo; cat /proc/$$/comm; ps -o comm=,args= -p $$; ps -o nlwp=,stat= -p $$
sleep 30 & p=$!; for i in $(seq 200); do [ "$(cat /proc/$p/comm)" = sleep ] && break; done
pgrep -P $$ -x sleep | grep -c .; ps -o comm=,args= -p $p; readlink /proc/$p/exe; ls /proc/$p/fd; readlink /proc/$p/cwd | sed 's:.*/::'
kill $p; wait $p; echo $?; exec -a 'odd name' bash -c 'ps -o comm=,args= -p $$; exec -a "" cat /proc/self/comm'
END
chmod +x script; ./script a 'b c'; stat -L -c %n /proc/self/exe; cmp /proc/self/exe "$(readlink -f "$(command -v cmp)")" && echo same program
head -c 4 /proc/self/exe | od -c | head -1; awk '/^(Name|Threads)/' /proc/self/status; grep -c . /proc/self/maps | awk '{ print ($1 > 5) }'; grep -E -c 'hyprobe|kvm' /proc/self/maps; cut -d' ' -f2,20 /proc/self/stat; awk '{ print $6 }' /proc/self/maps | grep -E '^\[(stack|heap|vdso)' | sort -u
xargs -0 -n1 < /proc/self/environ | sort | head -3; ls -l /proc/self/exe | sed 's/.*-> //'; [ /proc/self/exe -ef /bin/sh ]; echo $?
