/* expect: probec: failed to compile script D_DECL_PROTO_NAME.probe.d: [D_DECL_PROTO_NAME] line 2: parameter declaration requires a name: parameter #1 */
provider mine { probe p(int a) : (int); };
BEGIN { exit(0); }
