/* expect: probec: failed to compile script D_PRAGMA_OPTSET.version_text.d: [D_PRAGMA_OPTSET] line 2: failed to set option 'version' to 'one': Version is not properly formatted or is too large */
#pragma D option version=one
BEGIN { }
