/* expect: probec: failed to compile script D_SYNTAX.format_trailing.d: [D_SYNTAX] line 2: printf( ) format: format ends within a conversion */
BEGIN { printf("100%", 1); }
