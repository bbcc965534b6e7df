/* expect: probec: failed to compile script D_PRAGMA_OPTSET.switch_value.d: [D_PRAGMA_OPTSET] line 2: failed to set option 'zdefs' to '1': Invalid value for specified option */
#pragma D option zdefs=1
BEGIN { }
