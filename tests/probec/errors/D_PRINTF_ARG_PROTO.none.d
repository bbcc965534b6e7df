/* expect: probec: failed to compile script D_PRINTF_ARG_PROTO.none.d: [D_PRINTF_ARG_PROTO] line 2: printf( ) prototype mismatch: conversion #1 (%s) is missing a corresponding value argument */
BEGIN { printf("%s\n"); }
