/* expect: probec: failed to compile script D_PRINTF_DYN_PROTO.precision.d: [D_PRINTF_DYN_PROTO] line 2: printf( ) prototype mismatch: conversion #1 (%d) is missing a corresponding ".*" argument */
BEGIN { printf("%*.*d\n", 4); }
