/* expect: probec: failed to compile script D_PRINTF_ARG_PROTO.key.d: [D_PRINTF_ARG_PROTO] line 2: printa( ) prototype mismatch: conversion #2 (%d) is missing a corresponding value argument */
BEGIN { @a[1] = count(); printa("%d %d %@d\n", @a); }
