/* expect: probec: failed to compile script D_TYPE_ERR.short_float.d: [D_TYPE_ERR] line 2: failed to resolve type long float: Unknown type name */
long float x;
BEGIN { }
