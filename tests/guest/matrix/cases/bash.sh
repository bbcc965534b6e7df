# about: a bash script: pipelines, traps, here-documents, subshells, wait, exit codes, background jobs
# needs: bash
# filter: (process|line \d+:|group) +\(?\d+\)? => \1 PID
cat > script <<'END'
#!/bin/bash
set -u
echo "args $# $* ${0##*/}"
seq 10 | while read x; do echo -n "$((x * x)) "; done; echo
set -o pipefail; false | true; echo "pipefail $?" ; echo "${PIPESTATUS[@]}"
true | false | (exit 3) | true; echo "${PIPESTATUS[@]}"
cat <<E
here $(echo document) $((1 + 2))
E
cat <<< "a here string"
trap 'echo "exit trap $?"' EXIT
trap 'echo usr1' USR1; kill -USR1 $$; kill -USR1 $$
trap 'echo err at $LINENO' ERR; false; trap - ERR
(trap 'echo sub exit' EXIT; exit 7); echo "subshell $?"
x=$(echo out; exit 4); echo "$x $?"
for i in 1 2 3 4 5; do (sleep 0.0$i; exit $i) & pids[$i]=$!; done
for i in 1 2 3 4 5; do wait ${pids[$i]}; echo -n "$? "; done; echo
sleep 60 & p=$!; kill $p; wait $p 2>/dev/null; echo "killed $?"
sleep 60 & p=$!; kill -9 $p; wait $p 2>/dev/null; echo "killed $?"
(kill -SEGV $BASHPID) 2>/dev/null; echo "segv $?"
diff <(seq 5) <(seq 4); echo "process substitution $?"
exec 3> three; echo to three >&3; exec 3>&-; cat three
read -t 0.05 y < <(sleep 1); echo "timed out $?"
mapfile -t lines < <(printf 'a\nb\nc\n'); echo "${#lines[@]} ${lines[2]}"
declare -A m=([k]=v [l]=w); for k in k l; do echo "$k=${m[$k]}"; done
f() { local r=$1; ((r <= 1)) && echo 1 && return; echo $((r * $(f $((r - 1))))); }; f 8
coproc cat; echo to coproc >&${COPROC[1]}; read -u ${COPROC[0]} z; echo "$z"; kill $COPROC_PID; wait $COPROC_PID 2>/dev/null
wait -n <(exit 0) 2>/dev/null; nosuchcommand 2>/dev/null; echo "not found $?"; ./three 2>/dev/null; echo "not executable $?"
set +m; sleep 0.01 & wait $!; echo "job $?"
[[ abc =~ b(.) ]] && echo "${BASH_REMATCH[1]}"; printf '%s\n' {a..c}{1,2} | paste -sd' '
ulimit -n; umask; echo ${BASH_VERSION%%.*} $BASH_SUBSHELL; [ -t 0 ]; echo tty $?
exit 19
END
chmod +x script
./script one 'two three'; echo "status $?"
bash -c 'kill -TERM $$'; echo "status $?"
bash -c 'trap "" TERM; kill -TERM $$; echo survived'; bash -c 'exec sh -c "exit 6"'; echo $?
echo 'echo from stdin; exit 8' | bash; echo $?
bash -ic 'echo interactive' 2>/dev/null </dev/null
bash -mc 'sleep 0.01 & wait %1; echo job control $?'
kill -INT $$
