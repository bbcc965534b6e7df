/* expect: probec: failed to compile script D_PRAGMA_MALFORM.attributes_more.d: [D_PRAGMA_MALFORM] line 2: superfluous arguments specified for #pragma D attributes */
#pragma D attributes Stable/Stable/Common f;
BEGIN { }
