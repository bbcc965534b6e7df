/* expect: probec: failed to compile script D_PRAGMA_UNUSED.more.d: [D_PRAGMA_UNUSED] line 2: superfluous arguments specified for #pragma D attributes */
#pragma D attributes Stable/Stable/Common f;
BEGIN { }
