/* expect: probec: failed to compile script D_OP_DYN.comma_aggregation.d: [D_OP_DYN] line 2: operator , operands cannot be of dynamic type */
BEGIN { @a = count(); trace((1, @a)); }
