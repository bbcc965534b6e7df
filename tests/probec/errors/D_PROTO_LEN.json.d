/* expect: probec: failed to compile script D_PROTO_LEN.json.d: [D_PROTO_LEN] line 2: json( ) prototype mismatch: 1 arg passed, 2 expected */
BEGIN { json("{}"); }
