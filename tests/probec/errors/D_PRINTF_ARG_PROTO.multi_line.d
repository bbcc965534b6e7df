/* expect: probec: failed to compile script D_PRINTF_ARG_PROTO.multi_line.d: [D_PRINTF_ARG_PROTO] line 5: printf( ) prototype mismatch: conversion #2 (%d) is missing a corresponding value argument */
BEGIN
{
	printf("%d %d",
	    1);
}
