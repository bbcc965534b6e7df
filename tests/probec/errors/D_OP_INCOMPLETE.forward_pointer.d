/* expect: probec: failed to compile script D_OP_INCOMPLETE.forward_pointer.d: [D_OP_INCOMPLETE] line 2: operator -> cannot be applied to a forward declaration: no struct n definition is available */
struct n; struct n *p; BEGIN { trace(p->x); }
