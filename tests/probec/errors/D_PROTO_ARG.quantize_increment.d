/* expect: probec: failed to compile script D_PROTO_ARG.quantize_increment.d: [D_PROTO_ARG] line 2: quantize( ) increment value (argument #2) must be of scalar type */
BEGIN { @ = quantize(1, "a"); }
