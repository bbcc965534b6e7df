/* expect: probec: failed to compile script D_PRAGMA_OPTSET.words.d: [D_PRAGMA_OPTSET] line 2: failed to set option 'quiet' to 'perhaps': Invalid value for specified option */
#pragma D option quiet=perhaps
BEGIN { }
