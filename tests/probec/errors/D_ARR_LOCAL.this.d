/* expect: probec: failed to compile script D_ARR_LOCAL.this.d: [D_ARR_LOCAL] line 2: may not define associative array with local storage class: this->a */
BEGIN { this->a[1] = 2; }
