# about: git: commits, branches, a merge with a conflict, log, gc, clone, bisect by a script
# needs: git
# timeout: 120
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@x GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@x GIT_AUTHOR_DATE='2001-01-01T00:00:00Z' GIT_COMMITTER_DATE='2001-01-01T00:00:00Z' GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
git init -q -b main r && cd r
for i in 1 2 3 4 5 6; do seq $((i * 100)) > f$i; echo "$i" >> log; git add . && git commit -qm "commit $i"; done
git log --oneline; git diff --stat HEAD~2; git checkout -q -b side HEAD~1; echo side >> log; git commit -qam side; git checkout -q main
git merge side 2>&1; echo $?; echo resolved > log; git commit -qam merged; git log --graph --oneline --all | cat; git status --short; git show --stat HEAD~1
git gc -q && git fsck 2>&1; git count-objects -v | grep -v size; cd .. && git clone -q r c && cd c && git log -1 --format=%H%n%s && git grep -c 42 | cat; git blame f1 | head -2 | cut -c1-12
git bisect start -q HEAD HEAD~4 >/dev/null; git bisect run sh -c '! test -e f5' | grep -E 'first bad|success'; git bisect reset -q 2>/dev/null; git stash list; git archive HEAD | tar t; git nonsense 2>/dev/null; echo $?
