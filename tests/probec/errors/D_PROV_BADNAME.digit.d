/* expect: probec: failed to compile script D_PROV_BADNAME.digit.d: [D_PROV_BADNAME] line 2: provider name may not end with a digit: mine1 */
provider mine1 { probe p(); };
BEGIN { exit(0); }
