/* expect: probec: failed to compile script D_PRAGMA_OPTSET.strsize.d: [D_PRAGMA_OPTSET] line 2: failed to set option 'strsize' to '1': Invalid value for specified option */
#pragma D option strsize=1
BEGIN { }
