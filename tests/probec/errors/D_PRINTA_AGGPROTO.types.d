/* expect: probec: failed to compile script D_PRINTA_AGGPROTO.types.d: [D_PRINTA_AGGPROTO] line 2: printa(): @b[ ] key #1 is incompatible with @a:\n        a key #1: int\n        b key #1: string */
BEGIN { @a[1] = count(); @b["x"] = count(); printa(@a, @b); }
