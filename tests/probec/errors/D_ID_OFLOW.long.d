/* expect: probec: failed to compile script D_ID_OFLOW.long.d: [D_ID_OFLOW] line 2: identifier is longer than 127 characters */
BEGIN { aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa = 1; }
