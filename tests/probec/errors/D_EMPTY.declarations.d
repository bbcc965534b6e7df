/* expect: probec: failed to compile script D_EMPTY.declarations.d: [D_EMPTY] line 5: empty D program translation unit */
typedef int t;
struct s { t a; };
t v;
