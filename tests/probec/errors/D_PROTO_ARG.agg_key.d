/* expect: probec: failed to compile script D_PROTO_ARG.agg_key.d: [D_PROTO_ARG] line 2: @a[ ] key #1 is incompatible with prototype:\n\tprototype: int\n\t      key: string */
BEGIN { @a[1] = count(); @a["x"] = count(); }
