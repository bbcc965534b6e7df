/* expect: probec: failed to compile script D_OFFSETOF_TYPE.integer_pointer.d: [D_OFFSETOF_TYPE] line 2: offsetof operand must be a struct or union type */
BEGIN { trace(offsetof(char *, a)); }
