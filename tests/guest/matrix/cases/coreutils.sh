# about: coreutils
seq 1 1000 | shuf --random-source=/dev/zero | sort -n | md5sum
seq 1 20 | split -l 6 - part. && wc -l part.* && cat part.* | tac | head -3
seq 5 | nl | expand | od -An -tx1 | head -2
printf 'b 2\na 1\n' | sort > l; printf 'a x\nb y\n' > r; join l r; comm l r; paste l r
ln -s l link; readlink -f link | sed 's:.*/::'; ls -F; stat -c '%n %s %A' l r; du -b l; cp -a link link2; ls -l link2 | cut -c1-10
mkdir -p x/y/z; touch -d @1000000000 x/y/z/f; stat -c %Y x/y/z/f; mv x/y w; find w | sort; rmdir w/z 2>&1; rm -r w
echo data | tee t1 t2 | wc -c; cmp t1 t2 && echo same; chmod 640 t1; stat -c %a t1; truncate -s 5000 t1; stat -c %s t1
date -u -d @1234567890 '+%F %T'; expr length hello; factor 1234567890; numfmt --to=iec 123456789; basename /a/b.c .c
echo abc | base64 | base64 -d | tr a-z A-Z; echo abc | sha1sum; echo abc | cksum; head -c 100000 /dev/zero | sha512sum
env -i /usr/bin/env; env -i FOO=1 sh -c 'echo $FOO $BAR-'; nice -n 5 nice; nohup sh -c 'echo nohup' 2>/dev/null
timeout 0.1 sleep 60; echo $?; timeout -s KILL 0.1 sleep 60; echo $?; timeout 5 sh -c 'exit 9'; echo $?
yes | head -n 100000 | uniq -c; mktemp -u XXXXXX | wc -c; nproc | grep -c .; test -d /; echo $?; cat /nonexistent; echo $?
dd if=/dev/zero bs=1k count=100 2>/dev/null | wc -c; mkfifo p; (echo through a fifo > p &) ; cat p; sync t1; tsort <<E
a b
b c
E
stdbuf -oL echo line; pr -h x -l 20 /dev/null; fold -w 5 t2; seq -s, 10; pwd | sed 's:.*/::'; id -un; whoami; printenv LANG; kill -l 15
