/* expect: probec: failed to compile script D_KEY_TYPE.void.d: [D_KEY_TYPE] line 2: key expression #1 has an invalid type: void */
BEGIN { @[(void)0] = count(); }
