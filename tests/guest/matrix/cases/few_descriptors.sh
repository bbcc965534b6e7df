# about: programs start, and are traced, when no descriptor number is left to the guest
# needs: busybox
for n in 3 4 5 20; do
  (ulimit -Sn $n; busybox echo $n; busybox sh -c 'echo in shell; busybox true'; busybox cat /etc/hostname >/dev/null 2>&1; echo $?; ulimit -n)
done
