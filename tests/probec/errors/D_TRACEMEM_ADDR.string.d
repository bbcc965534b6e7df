/* expect: probec: failed to compile script D_TRACEMEM_ADDR.string.d: [D_TRACEMEM_ADDR] line 2: tracemem( ) argument #1 is incompatible with prototype:\n\tprototype: pointer or integer\n\t argument: string */
BEGIN { tracemem("x", 10); }
