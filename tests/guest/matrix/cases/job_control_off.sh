# about: sh (dash) with background jobs, signals to children and groups, exit statuses of every kind
echo $-; sleep 60 & kill -TERM $!; wait $!; echo $?
sh -c 'kill -HUP $$'; echo $?; sh -c 'exit 300'; echo $?; sh -c 'trap "exit 3" INT; kill -INT $$; exit 4'; echo $?
(sleep 0.05; echo late) & echo early; wait; sh -c 'echo orphan > o & '; until [ -s o ]; do sleep 0.01; done; cat o
set -- a b c; while [ $# -gt 0 ]; do echo $1; shift; done | sort -r; { echo brace; exit 6; } | cat; echo $?
sh -c 'sh -c "kill -KILL \$\$"; echo inner $?'; trap 'echo got term; exit 55' TERM; sh -c 'kill -TERM $PPID'; sleep 5; echo not reached
