/* expect: probec: failed to compile script D_IDENT_UNDEF.kernel_symbol.d: [D_IDENT_UNDEF] line 2: failed to resolve `jiffies: Unknown symbol name */
BEGIN { trace(`jiffies); }
