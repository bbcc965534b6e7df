/* expect: probec: failed to compile script D_DECL_PROTO_NAME.inline.d: [D_DECL_PROTO_NAME] line 2: parameter declaration requires a name: parameter #1 */
inline int f(int) = 3;
BEGIN { exit(0); }
