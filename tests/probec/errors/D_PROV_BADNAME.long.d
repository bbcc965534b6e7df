/* expect: probec: failed to compile script D_PROV_BADNAME.long.d: [D_PROV_BADNAME] line 2: provider name may not exceed 63 characters: mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm */
provider mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm { probe p(); };
BEGIN { exit(0); }
