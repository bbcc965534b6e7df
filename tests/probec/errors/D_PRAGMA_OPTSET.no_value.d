/* expect: probec: failed to compile script D_PRAGMA_OPTSET.no_value.d: [D_PRAGMA_OPTSET] line 2: failed to set option 'bufsize': Invalid value for specified option */
#pragma D option bufsize
BEGIN { }
