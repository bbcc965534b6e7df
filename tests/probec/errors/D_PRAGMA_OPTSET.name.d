/* expect: probec: failed to compile script D_PRAGMA_OPTSET.name.d: [D_PRAGMA_OPTSET] line 2: failed to set option 'nonsense' to '1': Invalid option name */
#pragma D option nonsense=1
BEGIN { }
