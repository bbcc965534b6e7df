/* expect: probec: failed to compile script D_AGG_NULL.keyed.d: [D_AGG_NULL] line 2: expression has null effect: @a */
BEGIN { @a[1]; }
