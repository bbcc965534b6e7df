/* expect: probec: failed to compile script D_PRINTA_AGGKEY.none.d: [D_PRINTA_AGGKEY] line 2: printa(): @a and @b do not have matching key signatures: @a has 0 keys, @b has 1 key */
BEGIN { @a = count(); @b[1] = count(); printa(@a, @b); }
