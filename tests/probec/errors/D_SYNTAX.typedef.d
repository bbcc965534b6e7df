/* expect: probec: failed to compile script D_SYNTAX.typedef.d: [D_SYNTAX] line 2: syntax error near "new_int" */
typedef pint new_int;
BEGIN { }
