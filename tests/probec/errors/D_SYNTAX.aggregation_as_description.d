/* expect: probec: failed to compile script D_SYNTAX.aggregation_as_description.d: [D_SYNTAX] line 2: syntax error near "@" */
@ { }
