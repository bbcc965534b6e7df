/* expect: probec: failed to compile script D_IDENT_UNDEF.body.d: [D_IDENT_UNDEF] line 3: failed to resolve foo: Unknown variable name */
BEGIN {
  trace(foo);
}
