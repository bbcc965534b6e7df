# about: redis-server in a guest under redis-benchmark and redis-cli, with a background save
# needs: redis-server redis-benchmark redis-cli
# host
# timeout: 120
$GUEST /usr/bin/redis-server --port 0 --unixsocket $PWD/sock --dir $PWD --save '' --daemonize no --logfile $PWD/log & server=$!
for i in $(seq 500); do redis-cli -s sock ping >/dev/null 2>&1 && break; sleep 0.02; done
redis-benchmark -s sock -n 3000 -c 20 -P 4 -t set,get,incr,lpush,lrange_100 -q > bench 2>&1; echo "benchmark $?"; tr '\r' '\n' < bench | grep -c 'requests per second'
$GUEST /usr/bin/redis-benchmark -s sock -n 500 -c 5 -t ping -q > bench2 2>&1; echo "benchmark in a guest $?"
redis-cli -s sock set k v; redis-cli -s sock get k; redis-cli -s sock incr n; redis-cli -s sock lpush l a b c; redis-cli -s sock lrange l 0 -1; redis-cli -s sock eval 'return redis.call("get", KEYS[1])' 1 k
redis-cli -s sock bgsave; for i in $(seq 500); do redis-cli -s sock info persistence | grep -q 'rdb_bgsave_in_progress:0' && break; sleep 0.02; done
redis-cli -s sock info persistence | tr -d '\r' | grep rdb_last_bgsave_status; head -c 5 dump.rdb; echo
redis-cli -s sock shutdown nosave; wait $server; echo "server status $?"
