#!/usr/bin/env -S probec -s
/*
 * Where programs connect to: internet addresses and ports, or paths of Unix sockets.
 *
 *   probec -s examples/connects.d -c 'curl -s http://localhost/'
 */
#pragma D option quiet

syscall::connect:entry
{
	this->in = (struct sockaddr_in *)copyin(arg1, sizeof (struct sockaddr_in));
	if (this->in->sin_family == AF_INET)
		printf("%s inet %s port %d\n", execname, inet_ntoa(&this->in->sin_addr.s_addr),
		    ntohs(this->in->sin_port));
	else if (this->in->sin_family == AF_UNIX) {
		this->un = (struct sockaddr_un *)copyin(arg1, arg2);
		printf("%s unix %s\n", execname, stringof(this->un->sun_path));
	}
}
