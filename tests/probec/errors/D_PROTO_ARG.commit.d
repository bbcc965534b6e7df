/* expect: probec: failed to compile script D_PROTO_ARG.commit.d: [D_PROTO_ARG] line 2: commit( ) argument #1 is incompatible with prototype:\n\tprototype: int\n\t argument: string */
BEGIN { commit("1"); }
