/* expect: probec: failed to compile script D_IDENT_UNDEF.version.d: [D_IDENT_UNDEF] line 3: failed to resolve vmname: Unknown variable name */
/* options: version=1.4 */
BEGIN { trace(vmname); }
