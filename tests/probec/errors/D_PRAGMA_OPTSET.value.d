/* expect: probec: failed to compile script D_PRAGMA_OPTSET.value.d: [D_PRAGMA_OPTSET] line 2: failed to set option 'bufsize' to '-3': Invalid value for specified option */
#pragma D option bufsize=-3
BEGIN { }
