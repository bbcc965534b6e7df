/* expect: probec: failed to compile script D_SIZEOF_TYPE.forward.d: [D_SIZEOF_TYPE] line 3: cannot apply sizeof to an operand of unknown size */
struct s;
BEGIN { exit(sizeof (struct s)); }
