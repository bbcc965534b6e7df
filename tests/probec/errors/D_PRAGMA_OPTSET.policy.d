/* expect: probec: failed to compile script D_PRAGMA_OPTSET.policy.d: [D_PRAGMA_OPTSET] line 2: failed to set option 'bufpolicy' to 'rung': Invalid value for specified option */
#pragma D option bufpolicy=rung
BEGIN { }
