/* expect: probec: failed to compile script D_EMPTY.declarations_only.d: [D_EMPTY] line 3: empty D program translation unit */
struct s { int a; };
