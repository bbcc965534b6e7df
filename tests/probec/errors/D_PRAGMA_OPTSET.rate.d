/* expect: probec: failed to compile script D_PRAGMA_OPTSET.rate.d: [D_PRAGMA_OPTSET] line 2: failed to set option 'switchrate' to '4hours': Invalid value for specified option */
#pragma D option switchrate=4hours
BEGIN { }
