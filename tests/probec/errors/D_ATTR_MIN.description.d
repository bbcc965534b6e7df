/* expect: probec: failed to compile script D_ATTR_MIN.description.d: [D_ATTR_MIN] line 4: attributes for probe description syscall::read:entry (Private/Private/ISA) are less than predefined minimum */
/* options: amin=Evolving/Evolving/Common */
BEGIN { trace(1); }
syscall::read:entry { trace(1); }
