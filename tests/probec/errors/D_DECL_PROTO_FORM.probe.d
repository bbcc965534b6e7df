/* expect: probec: failed to compile script D_DECL_PROTO_FORM.probe.d: [D_DECL_PROTO_FORM] line 2: parameter is not declared in probe output prototype: b, parameter #1 */
provider mine { probe p(int a) : (int b); };
BEGIN { exit(0); }
