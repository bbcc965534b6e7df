/* expect: probec: failed to compile script D_MACRO_UNDEF.description.d: [D_MACRO_UNDEF] line 3: macro argument $2 is not defined */
/* args: a */ BEGIN { trace($$1); }
syscall::$2:entry { }
