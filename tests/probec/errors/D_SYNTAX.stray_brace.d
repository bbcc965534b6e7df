/* expect: probec: failed to compile script D_SYNTAX.stray_brace.d: [D_SYNTAX] line 2: syntax error near "}" */
} BEGIN { }
