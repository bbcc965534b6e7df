/* expect: probec: failed to compile script D_VAR_UNDEF.this.d: [D_VAR_UNDEF] line 2: this->x has not yet been declared or assigned */
BEGIN { trace(this->x); }
