/* expect: probec: failed to compile script D_TRACEMEM_SIZE.dynamic.d: [D_TRACEMEM_SIZE] line 2: tracemem( ) argument #3 is incompatible with prototype:\n\tprototype: size_t\n\t argument: string */
BEGIN { tracemem((void *)1, 8, "x"); }
