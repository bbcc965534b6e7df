/* expect: probec: failed to compile script D_PRAGMA_MALFORM.expression.d: [D_PRAGMA_MALFORM] line 2: superfluous arguments specified for #pragma D option */
#pragma D option nspec=2 * 2
BEGIN { }
