/* expect: probec: failed to compile script D_PRAGMA_OPTSET.version_unknown.d: [D_PRAGMA_OPTSET] line 2: failed to set option 'version' to '77.0': Requested version is not supported by compiler */
#pragma D option version=77.0
BEGIN { }
