/* expect: probec: failed to compile script D_PRAGMA_OPTSET.amin.d: [D_PRAGMA_OPTSET] line 2: failed to set option 'amin' to 'Evolving': Invalid value for specified option */
#pragma D option amin=Evolving
BEGIN { }
