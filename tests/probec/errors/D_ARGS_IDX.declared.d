/* expect: probec: failed to compile script D_ARGS_IDX.declared.d: [D_ARGS_IDX] line 3: index 1 is out of range for mine*:::p args[ ] */
provider mine { probe p(int a); };
mine*:::p { trace(args[1]); }
