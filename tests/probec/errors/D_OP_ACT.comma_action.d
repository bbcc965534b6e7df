/* expect: probec: failed to compile script D_OP_ACT.comma_action.d: [D_OP_ACT] line 2: operator , operands cannot be actions */
BEGIN { 1, exit(0); }
