# about: sqlite3: a database with indices, transactions, WAL and two processes
# needs: sqlite3
sqlite3 db 'pragma journal_mode=wal; create table t(a integer primary key, b text, c real); create index i on t(b);'
sqlite3 db "with recursive n(x) as (select 1 union all select x + 1 from n where x < 20000) insert into t select x, 'row ' || (x * 7919 % 10007), x / 3.0 from n; select count(*), sum(a), round(avg(c), 3) from t; select b, count(*) from t group by b having count(*) > 1 order by b limit 5; explain query plan select * from t where b = 'row 5'; pragma integrity_check;"
(for i in 1 2 3 4 5 6 7 8 9 10; do sqlite3 -cmd '.timeout 20000' db "insert into t(b) values('one');"; done) & (for i in 1 2 3 4 5 6 7 8 9 10; do sqlite3 -cmd '.timeout 20000' db "insert into t(b) values('two');"; done); wait
sqlite3 db "select b, count(*) from t where b in ('one','two') group by b; begin; delete from t; rollback; select count(*) from t; vacuum;"
sqlite3 db "select b, c from t order by b, c" | md5sum; sqlite3 db 'select nonsense'; echo $?
