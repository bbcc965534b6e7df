/* expect: probec: failed to compile script D_ARGS_MULTI.declared.d: [D_ARGS_MULTI] line 3: args[ ] may not be referenced because probe description mine*::: matches an unstable set of probes */
provider mine { probe p(int a); probe q(string a); };
mine*::: { trace(args[0]); }
