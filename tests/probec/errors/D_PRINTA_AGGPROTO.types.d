/* expect: probec: failed to compile script D_PRINTA_AGGPROTO.types.d: [D_PRINTA_AGGPROTO] line 2: printa( ) @b keys do not match those of @a */
BEGIN { @a[1] = count(); @b["x"] = count(); printa(@a, @b); }
