/* expect: probec: failed to compile script D_PRINTA_AGGPROTO.second.d: [D_PRINTA_AGGPROTO] line 2: printa(): @b[ ] key #2 is incompatible with @a:\n        a key #2: string\n        b key #2: int */
BEGIN { @a[1, "x"] = count(); @b[1, 2] = count(); printa("%d\n", @a, @b); }
