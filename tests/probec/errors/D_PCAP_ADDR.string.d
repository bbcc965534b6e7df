/* expect: probec: failed to compile script D_PCAP_ADDR.string.d: [D_PCAP_ADDR] line 2: pcap( ) argument #1 is incompatible with prototype:\n\tprototype: pointer or integer\n\t argument: string */
BEGIN { pcap("packet", 1); }
