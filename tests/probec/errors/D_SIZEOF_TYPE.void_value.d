/* expect: probec: failed to compile script D_SIZEOF_TYPE.void_value.d: [D_SIZEOF_TYPE] line 2: cannot apply sizeof to an operand of unknown size */
BEGIN { trace(sizeof (void)); }
