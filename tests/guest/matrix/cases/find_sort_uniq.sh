# about: find | sort | uniq -c over a large tree
find /usr/share/doc /etc -type f 2>/dev/null | sed 's/.*\.//' | sort | uniq -c | sort -rn | head -40
find /usr/include -name '*.h' -size +20k | sort | md5sum
find /usr/bin -type l | xargs -n 50 ls -d | wc -l
