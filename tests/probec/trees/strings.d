/* Strings, and what becomes one. */
char text[16];
self string name;
this string local;

syscall::openat:entry
/execname == "ls" && probefunc != NULL/
{
	this->path = copyinstr(arg1);
	self->name = this->path;
	this->local = stringof(args[1]);
	trace(strjoin(this->path, "/x"));
	trace(strlen(text));
	trace(text == "abc");
	trace(this->path[0] == '/');
	trace(basename((char *)arg1));
	printf("%s %S %s", text, this->local, stringof(args[1]));
	trace((string)arg1);
	trace(arg0 ? "yes" : "no");
	trace(execname < "m");
	trace(strtok(NULL, "/"));
	trace("a" "b\tc\x41\101\"");
	self->name = 0;
	this->buf = copyin(arg1, 10);
	trace(*(char *)this->buf);
	trace(((char *)this->buf)[3]);
	trace(stringof((char *)this->buf));
}
