# about: what a guest says about programs that cannot start, seen by a shell in the guest
printf 'echo no interpreter line\n' > plain; chmod +x plain; ./plain; echo $?
printf '#!/nonexistent\n' > lost; chmod +x lost; ./lost; echo $?
touch noexec; ./noexec; echo $?; /; echo $?; nosuchprogram; echo $?; ./nosuchfile; echo $?; printf '\177ELFjunk' > junk; chmod +x junk; ./junk; echo $?
cp /bin/busybox unreadable 2>/dev/null || cp /bin/true unreadable; chmod 111 unreadable; ./unreadable true; echo $?
cp /bin/echo gone; exec 5<gone; rm gone; /proc/self/fd/5 deleted 2>&1 | head -1; sh -c 'rm -f self; cp /bin/cat self; ./self /proc/self/comm'
exec -a 2>/dev/null; env -i /bin/sh -c 'echo $PATH | wc -c'; exec /bin/sh -c 'exit 77'
