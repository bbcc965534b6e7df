/* expect: probec: failed to compile script D_PCAP_PROTO.string_size.d: [D_PCAP_PROTO] line 2: pcap( ) argument #2 is incompatible with prototype:\n\tprototype: int\n\t argument: string */
BEGIN { pcap(alloca(10), "x"); }
