# about: lighttpd in a guest serves files over loopback, and runs a CGI script
# needs: lighttpd curl
# host
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir www; for i in 1 2 3; do seq $((i * 3000)) > www/f$i; done; printf '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n"; echo "cgi $REQUEST_METHOD $QUERY_STRING"; cat\n' > www/run.cgi; chmod +x www/run.cgi
cat > conf <<END
server.document-root = "$PWD/www"
server.port = $port
server.bind = "127.0.0.1"
server.errorlog = "$PWD/errors"
server.pid-file = "$PWD/pid"
server.modules = ( "mod_cgi" )
cgi.assign = ( ".cgi" => "" )
END
$GUEST /usr/sbin/lighttpd -D -f $PWD/conf & server=$!
for i in $(seq 500); do curl -s -o /dev/null http://127.0.0.1:$port/f1 && break; sleep 0.02; done
for f in f1 f2 f3 none; do curl -s -w '%{http_code} %{size_download}\n' -o got http://127.0.0.1:$port/$f; [ $f = none ] || md5sum < got; done
curl -s "http://127.0.0.1:$port/run.cgi?a=b"; curl -s -d 'posted data' "http://127.0.0.1:$port/run.cgi"; echo; curl -s -r 100-200 http://127.0.0.1:$port/f2 | md5sum
seq 30 | xargs -P 6 -I{} sh -c "curl -s http://127.0.0.1:$port/f3 | md5sum"
kill -INT $(cat pid); wait $server; echo "server status $?"
