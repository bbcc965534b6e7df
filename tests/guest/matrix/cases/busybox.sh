# about: applets of busybox, each started as a guest program of its own by its shell
# needs: busybox
for i in 1 2 3 4 5 6 7 8 9 10; do echo "line $i of the file"; done > file
mkdir -p a/b/c && touch a/1 a/b/2 a/b/c/3
busybox cat file | busybox head -n 5 | busybox tail -n 2
busybox wc file; busybox sort -r file | busybox head -n 1; busybox grep -c 1 file
busybox sed 's/line/LINE/;2q' file; busybox awk '{ s += $2 } END { print s, NR }' file
busybox find a | busybox sort; busybox md5sum file; busybox sha256sum < file
busybox seq 1 5 | busybox tr '\n' ' '; echo
busybox cut -d' ' -f2 file | busybox paste -s -d+ ; busybox od -c file | busybox head -n 2
busybox cp -r a d && busybox diff -r a d && echo copied; busybox rm -r d; busybox ls
busybox tar cf t.tar a && busybox tar tf t.tar; busybox gzip -c file | busybox gunzip | busybox cmp - file && echo gzip
busybox expr 6 \* 7; busybox basename /x/y.z .z; busybox dirname /x/y; busybox printf '%05d|%s\n' 42 x
busybox test -f file && echo is a file; busybox false; echo $?; busybox uname -s; busybox id -u
busybox env -i A=b busybox env; busybox xargs -n 3 echo < file | busybox head -n 2
busybox dd if=file bs=7 count=3 2>&1 | busybox head -n 1; busybox sleep 0.01; busybox stat -c '%s %F' file
busybox sh -c 'trap "echo trapped" USR1; kill -USR1 $$; (exit 5); echo $?; for x in a b; do echo $x & wait; done'
busybox timeout 0.1 busybox sleep 60; echo timeout $?
busybox nosuchapplet; echo $?
busybox kill -l 9; busybox date -u -d @0 +%F; busybox bc -l 2>/dev/null <<E || true
2^100
E
exit 42
