/* expect: probec: failed to compile script D_TYPE_ERR.long_bool.d: [D_TYPE_ERR] line 2: failed to resolve type _Bool: Unknown type name */
long _Bool x;
BEGIN { exit(0); }
