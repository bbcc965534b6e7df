/* expect: probec: failed to compile script D_PROTO_ARG.uregs.d: [D_PROTO_ARG] line 2: uregs[ ] argument #1 is incompatible with prototype:\n\tprototype: integer constant\n\t argument: pid_t */
BEGIN { trace(uregs[pid]); }
