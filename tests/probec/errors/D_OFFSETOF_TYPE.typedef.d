/* expect: probec: failed to compile script D_OFFSETOF_TYPE.typedef.d: [D_OFFSETOF_TYPE] line 3: offsetof operand must be a struct or union type */
typedef int mine;
BEGIN { exit(offsetof(mine, x)); }
