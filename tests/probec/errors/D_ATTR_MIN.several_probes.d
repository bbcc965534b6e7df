/* expect: probec: failed to compile script D_ATTR_MIN.several_probes.d: [D_ATTR_MIN] line 3: attributes for probe description syscall:::entry (Unstable/Unstable/Common) are less than predefined minimum */
/* options: amin=Evolving/Evolving/Common */
syscall:::entry { trace(1); }
