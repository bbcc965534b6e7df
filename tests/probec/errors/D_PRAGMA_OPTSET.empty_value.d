/* expect: probec: failed to compile script D_PRAGMA_OPTSET.empty_value.d: [D_PRAGMA_OPTSET] line 2: failed to set option 'aggsize' to '': Invalid value for specified option */
#pragma D option aggsize=
BEGIN { }
