# about: gcc compiles and links a C++ program, which runs; an error in one; a shared library; gcc -S is the same
# needs: g++ gcc
# timeout: 120
cat > a.cpp <<'END'
#include <iostream>
#include <map>
#include <string>
#include <vector>
int lib(int);
int main() { std::map<std::string, std::vector<int>> m; for (int i = 0; i < 10; i++) m[i % 2 ? "odd" : "even"].push_back(lib(i));
  for (auto& [k, v] : m) { std::cout << k; for (int x : v) std::cout << ' ' << x; std::cout << '\n'; } try { throw 5; } catch (int x) { return x; } }
END
echo 'int lib(int x) { return x * x; }' > lib.cpp
g++ -std=c++20 -O2 -Wall -c a.cpp -o a.o && g++ -shared -fPIC lib.cpp -o liblib.so && g++ a.o -o prog -L. -llib -Wl,-rpath,'$ORIGIN' && ./prog; echo $?
g++ -pipe -static -O1 a.cpp lib.cpp -o stat && ./stat; echo $?
gcc -S -O2 -x c -o - - <<'END' | md5sum
int f(int n) { return n < 2 ? n : f(n - 1) + f(n - 2); }
END
echo 'int main() { return undefined; }' > bad.c; gcc bad.c; echo $?; echo 'int f(void); int main() { return f(); }' > unlinked.c; gcc unlinked.c 2>&1 | grep -c undefined; readelf -h prog | grep -E 'Type|Machine'; nm -D liblib.so | grep lib | cut -c18-
