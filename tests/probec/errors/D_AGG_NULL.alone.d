/* expect: probec: failed to compile script D_AGG_NULL.alone.d: [D_AGG_NULL] line 2: expression has null effect: @a */
BEGIN { @a = count(); @a; }
