/* expect: probec: failed to compile script D_ID_OFLOW.variable.d: [D_ID_OFLOW] line 2: identifier is longer than 127 characters */
BEGIN { aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa = 1; }
