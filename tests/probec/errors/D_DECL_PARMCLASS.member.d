/* expect: probec: failed to compile script D_DECL_PARMCLASS.member.d: [D_DECL_PARMCLASS] line 2: storage class is not permitted here */
struct s { static int x; };
BEGIN { }
