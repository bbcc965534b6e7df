# about: make -j2 with dependencies, sub-makes and a failure
# needs: make gcc
# timeout: 120
# unordered
# filter: hpm-[a-z0-9_]+ => SCRATCH
mkdir sub; for i in 1 2 3 4 5 6 7 8; do echo "int f$i(void) { return $i; }" > f$i.c; done
echo 'int printf(const char *, ...); int f1(void), f8(void); int main(void) { printf("%d ", f1() + f8()); }' > main.c
cat > Makefile <<'END'
OBJS = $(patsubst %.c,%.o,$(wildcard *.c))
all: prog sub
	./prog
prog: $(OBJS)
	gcc -o $@ $^
%.o: %.c
	gcc -O1 -c $< -o $@
sub:
	$(MAKE) -C sub
fail: a b
a: ; false
b: ; echo b
.PHONY: sub a b
END
printf 'all: x y z\n%%:\n\techo $@ > $@; cat $@\n' > sub/Makefile
make --no-print-directory -Oline -j2; echo $?; make --no-print-directory -j2; echo $?; make -k -j2 fail 2>errors; echo $?; grep -v Waiting errors >&2; echo $?; make nosuch; echo $?
