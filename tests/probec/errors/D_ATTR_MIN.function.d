/* expect: probec: failed to compile script D_ATTR_MIN.function.d: [D_ATTR_MIN] line 3: attributes for function htons (Evolving/Evolving/Common) are less than predefined minimum */
/* options: amin=Stable/Stable/Common */
BEGIN { trace(htons(1)); }
