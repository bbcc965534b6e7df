/* expect: probec: failed to compile script D_SYNTAX.declaration_in_block.d: [D_SYNTAX] line 2: syntax error near "int" */
BEGIN { self int x; }
