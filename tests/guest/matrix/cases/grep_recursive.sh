# about: grep -r over include files
grep -rc 'define' /usr/include/linux 2>/dev/null | sort | md5sum
grep -rl 'struct sock' /usr/include/linux | sort | head -20
grep -rn --include='*.h' 'EAGAIN' /usr/include/asm-generic; grep -rE '^#define +[A-Z]+_MAX' /usr/include/linux/limits.h; grep -q nothing /etc/passwd; echo $?
