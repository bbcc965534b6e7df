/* expect: probec: failed to compile script D_SYNTAX.self.d: [D_SYNTAX] line 2: syntax error near "=" */
BEGIN { self = 1; }
