# about: awk, sed, xargs, tee and process pipelines with much data and early closing
seq 200000 | awk '{ s += $1 } END { print s }'; seq 100000 | sed -n '/7$/p' | wc -l; yes | head -c 1000000 | md5sum
seq 1000 | xargs -P 4 -n 100 sh -c 'echo $#' x | sort | uniq -c; seq 100000 | tee >/dev/null /dev/null; seq 10000000 | head -1; seq 50000 | sort -R --random-source=/dev/zero | sort -n | tail -1
for i in $(seq 30); do echo $i | cat | cat | cat; done | md5sum; dd if=/dev/zero bs=1M count=20 2>/dev/null | cat | wc -c; (echo a; echo b >&2) 2>&1 | sort
