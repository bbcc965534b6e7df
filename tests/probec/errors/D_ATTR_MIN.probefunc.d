/* expect: probec: failed to compile script D_ATTR_MIN.probefunc.d: [D_ATTR_MIN] line 3: attributes for scalar probefunc (Private/Private/Unknown) are less than predefined minimum */
/* options: amin=Evolving/Evolving/Common */
BEGIN { trace(1); trace(probefunc); }
