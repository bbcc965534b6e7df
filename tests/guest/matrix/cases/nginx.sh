# about: nginx with two workers in a guest serves files to curl, natively and in a guest; reload and stop by signal
# needs: nginx curl
# host
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir -p www logs; chmod 777 www logs .; for i in 1 2 3; do seq $((i * 5000)) > www/f$i; done; echo index > www/index.html
cat > conf <<END
daemon off; worker_processes 2; pid $PWD/pid; error_log $PWD/logs/error;
events { worker_connections 100; }
http { access_log $PWD/logs/access; sendfile on; gzip on; gzip_types *; keepalive_timeout 5; types { text/plain txt; } client_body_temp_path $PWD/t1; proxy_temp_path $PWD/t2; fastcgi_temp_path $PWD/t3; uwsgi_temp_path $PWD/t4; scgi_temp_path $PWD/t5;
  server { listen 127.0.0.1:$port; root $PWD/www; location /status { return 201 "made\n"; } } }
END
$GUEST /usr/sbin/nginx -c $PWD/conf -p $PWD & server=$!
for i in $(seq 500); do curl -s -o /dev/null http://127.0.0.1:$port/ && break; sleep 0.02; done
for f in f1 f2 f3 index.html none; do curl -s -w '%{http_code} %{size_download}\n' -o got http://127.0.0.1:$port/$f; md5sum < got; done
curl -s --compressed http://127.0.0.1:$port/f3 | md5sum; curl -s -i http://127.0.0.1:$port/status | tr -d '\r' | grep -v -i -E 'date|server'
seq 40 | xargs -P 8 -I{} sh -c "curl -s http://127.0.0.1:$port/f2 | md5sum"
$GUEST /usr/bin/curl -s http://127.0.0.1:$port/f1 | md5sum
kill -HUP $(cat pid); for i in $(seq 500); do grep -q 'gracefully shutting down\|signal 1 (SIGHUP)' logs/error 2>/dev/null; [ "$(curl -s http://127.0.0.1:$port/)" = index ] && break; sleep 0.02; done
curl -s http://127.0.0.1:$port/; kill -QUIT $(cat pid); wait $server; echo "server status $?"; wc -l < logs/access | awk '{ print ($1 > 40) }'; grep -c -E 'emerg|alert|crit' logs/error
