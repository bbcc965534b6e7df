# about: a long variable at the very top of the stack crosses execve whole
BIG=$(head -c 100000 /dev/zero | tr '\0' x)
env -i BIG="$BIG" env env sh -c 'echo ${#BIG}'
env -i A=1 BIG="$BIG" env sh -c 'echo ${#BIG} $A'
