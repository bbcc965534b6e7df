/* expect: probec: failed to compile script D_DECL_DYNOBJ.array.d: [D_DECL_DYNOBJ] line 2: cannot have array of strings */
string x[5]; BEGIN { }
