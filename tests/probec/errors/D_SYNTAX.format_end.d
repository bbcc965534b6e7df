/* expect: probec: failed to compile script D_SYNTAX.format_end.d: [D_SYNTAX] line 2: printf( ) format: format ends within a conversion */
BEGIN { printf("%"); }
