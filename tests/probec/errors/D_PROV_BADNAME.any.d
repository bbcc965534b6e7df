/* expect: probec: failed to compile script D_PROV_BADNAME.any.d: [D_PROV_BADNAME] line 2: provider declarations are not supported yet: p */
provider p { probe a(int); }; BEGIN { }
