/* expect: probec: failed to compile script D_AGG_NULL.bare.d: [D_AGG_NULL] line 2: expression has null effect: @_ */
BEGIN { @; }
