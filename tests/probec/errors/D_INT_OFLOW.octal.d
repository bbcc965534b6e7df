/* expect: probec: failed to compile script D_INT_OFLOW.octal.d: [D_INT_OFLOW] line 2: integer constant 07777777777777777777777 cannot be represented in any built-in integral type */
BEGIN { x = 07777777777777777777777; }
