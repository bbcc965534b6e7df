/* expect: probec: failed to compile script D_CHR_NULL.assigned.d: [D_CHR_NULL] line 2: empty character constant */
BEGIN { c = ''; trace(c); }
