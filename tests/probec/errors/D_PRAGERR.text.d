/* expect: probec: failed to compile script D_PRAGERR.text.d: [D_PRAGERR] line 2: #error: the end is near */
#pragma D error the end is near
BEGIN { }
