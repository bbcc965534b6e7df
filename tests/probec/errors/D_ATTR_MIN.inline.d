/* expect: probec: failed to compile script D_ATTR_MIN.inline.d: [D_ATTR_MIN] line 5: attributes for scalar old (Obsolete/Stable/Common) are less than predefined minimum */
#pragma D attributes Obsolete/Stable/Common old
inline int old = 3;
#pragma D option amin=External/External/Common
BEGIN { trace(old); }
