/* expect: probec: failed to compile script D_ATTR_MIN.declared.d: [D_ATTR_MIN] line 5: attributes for scalar x (Stable/Private/Common) are less than predefined minimum */
/* options: amin=Evolving/Evolving/Common */
#pragma D attributes Stable/Private/Common x
int x;
BEGIN { x = 3; }
