/* expect: probec: failed to compile script D_TRACEMEM_ADDR.structure.d: [D_TRACEMEM_ADDR] line 2: tracemem( ) argument #1 is incompatible with prototype:\n\tprototype: pointer or integer\n\t argument: struct s */
struct s { int a; }; struct s v; BEGIN { tracemem(v, 1); }
