# about: perl: fork, pipes, signals, sockets, sorting
# needs: perl
perl -e 'my %h; $h{$_ % 17}++ for 1..10000; print join(",", map {"$_=$h{$_}"} sort {$a<=>$b} keys %h), "\n"'
perl -e '$SIG{ALRM} = sub { die "alarm\n" }; eval { alarm 1; select(undef,undef,undef,60) }; print "caught $@"; $SIG{USR1} = sub { print "usr1\n" }; kill USR1 => $$; sleep 0'
perl -e 'for (1..5) { my $p = fork; if (!$p) { exit $_ } waitpid $p, 0; print $? >> 8, " " } print "\n"; print `echo from backticks`; system("exit 3"); print $? >> 8, "\n"; open my $f, "-|", "seq", 3 or die; print <$f>; close $f; print "status $?\n"'
perl -MSocket -e 'socketpair my $a, my $b, AF_UNIX, SOCK_STREAM, 0; if (!fork) { close $a; syswrite $b, "child"; exit } close $b; print <$a>, "\n"; wait; print $?, "\n"'
perl -MPOSIX -e 'print POSIX::strftime("%F", gmtime 0), " ", (POSIX::uname())[0], "\n"; POSIX::_exit(12)'; echo $?
perl -ne '$w{length $1}++ while /(\w+)/g; END { print "$_ $w{$_}\n" for sort { $a <=> $b } keys %w }' /usr/include/stdio.h | head -8
perl -e 'print sprintf("%.10f\n", atan2(1,1)*4); my @a = sort { $a <=> $b } map { ($_ * 7919) % 10007 } 1..20000; print "@a[0..5]\n"; local $0 = "renamed"; print "ok\n"; kill 9, $$'
