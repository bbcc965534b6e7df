# about: tar with gzip and xz, threads in xz, and back
# needs: tar gzip xz
mkdir t && cp -r /usr/include/linux/netfilter* /usr/include/asm-generic t/ && (cd t && find . -type f | sort | xargs cat | md5sum)
tar --sort=name --mtime=@0 --owner=0 --group=0 -cf t.tar t && md5sum < t.tar
tar -czf t.tgz t && gzip -t t.tgz && mkdir u && tar -xzf t.tgz -C u && diff -r t u/t && echo gzip same
tar -cJf t.txz t && xz -t t.txz && mkdir v && tar -xJf t.txz -C v && diff -r t v/t && echo xz same
xz -T2 -k -c t.tar | xz -dc | cmp - t.tar && echo threads same; gzip -9 < t.tar | wc -c; tar tzf t.tgz | wc -l
tar -xf /nonexistent.tar; echo $?
