/* expect: probec: failed to compile script D_XLATE_SOU.enum.d: [D_XLATE_SOU] line 3: translator output type must be a struct or union: enum colors */
enum colors { RED };
translator enum colors < int i > { };
BEGIN { }
