/* expect: probec: failed to compile script D_ARR_LOCAL.this.d: [D_ARR_LOCAL] line 2: local variables may not be used as associative arrays: a */
BEGIN { this->a[1] = 2; }
