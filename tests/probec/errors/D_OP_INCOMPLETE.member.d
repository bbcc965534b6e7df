/* expect: probec: failed to compile script D_OP_INCOMPLETE.member.d: [D_OP_INCOMPLETE] line 2: operator -> cannot be applied to a forward declaration: no struct never definition is available */
BEGIN { trace(((struct never *)arg0)->x); }
