/* expect: probec: failed to compile script D_PCAP_PROTO.one.d: [D_PCAP_PROTO] line 2: pcap( ) prototype mismatch: 1 arg passed, 2 expected */
BEGIN { pcap((void *)1); }
