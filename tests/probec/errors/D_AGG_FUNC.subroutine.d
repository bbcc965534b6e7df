/* expect: probec: failed to compile script D_AGG_FUNC.subroutine.d: [D_AGG_FUNC] line 2: strlen( ) is not an aggregating function */
BEGIN { @ = strlen("x"); }
