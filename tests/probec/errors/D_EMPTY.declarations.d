/* expect: probec: failed to compile script D_EMPTY.declarations.d: [D_EMPTY] line 5: empty D program translation unit */
inline int x = 5;
struct s { int a; };
translator struct s < int i > { a = i; };
