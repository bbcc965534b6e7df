/* expect: probec: failed to compile script D_DECL_SIGNINT.both.d: [D_DECL_SIGNINT] line 2: invalid type declaration: signed and unsigned may not be combined */
signed unsigned x;
BEGIN { }
