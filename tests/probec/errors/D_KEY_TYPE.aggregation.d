/* expect: probec: failed to compile script D_KEY_TYPE.aggregation.d: [D_KEY_TYPE] line 2: aggregation expression may not be used as aggregation index: key #1 */
BEGIN { @a = count(); @b[@a] = count(); }
