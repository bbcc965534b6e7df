/* expect: probec: failed to compile script D_STRINGOF_TYPE.struct.d: [D_STRINGOF_TYPE] line 4: cannot apply stringof to a value of type struct s */
struct s { int a; };
struct s v;
BEGIN { trace(stringof(v)); }
