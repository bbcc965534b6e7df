/* expect: probec: failed to compile script D_PRINTA_AGGKEY.count.d: [D_PRINTA_AGGKEY] line 2: printa( ) @b has 1 keys and @a has 0 */
BEGIN { @a = count(); @b[1] = count(); printa(@a, @b); }
