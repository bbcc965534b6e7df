/* expect: probec: failed to compile script D_SIZEOF_TYPE.declared_only.d: [D_SIZEOF_TYPE] line 2: cannot apply sizeof to an operand of unknown size */
struct nosuch; BEGIN { trace(sizeof (struct nosuch)); }
