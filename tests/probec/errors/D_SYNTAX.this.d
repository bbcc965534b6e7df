/* expect: probec: failed to compile script D_SYNTAX.this.d: [D_SYNTAX] line 2: syntax error near ")" */
BEGIN { trace(this); }
