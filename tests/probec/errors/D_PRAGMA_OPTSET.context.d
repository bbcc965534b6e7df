/* expect: probec: failed to compile script D_PRAGMA_OPTSET.context.d: [D_PRAGMA_OPTSET] line 2: failed to set option 'incdir' to '/usr/include': Option cannot be used from within a D program */
#pragma D option incdir=/usr/include
BEGIN { }
