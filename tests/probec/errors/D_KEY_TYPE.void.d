/* expect: probec: failed to compile script D_KEY_TYPE.void.d: [D_KEY_TYPE] line 2: void expression may not be used as aggregation index: key #1 */
BEGIN { @[(void)0] = count(); }
