/* expect: probec: failed to compile script D_KEY_TYPE.struct_key.d: [D_KEY_TYPE] line 2: struct s expression may not be used as aggregation index: key #1 */
struct s { int a; }; struct s v; BEGIN { @[v] = count(); }
