/* expect: probec: failed to compile script D_KEY_TYPE.aggregation.d: [D_KEY_TYPE] line 2: key expression #1 has an invalid type: void */
BEGIN { @a = count(); @b[@a] = count(); }
