/* expect: probec: failed to compile script D_SYNTAX.format.d: [D_SYNTAX] line 2: printf( ) format: %q is not a valid conversion */
BEGIN { printf("%q", 1); }
