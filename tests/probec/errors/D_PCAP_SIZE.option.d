/* expect: probec: failed to compile script D_PCAP_SIZE.option.d: [D_PCAP_SIZE] line 3: pcap( ) captures at least 1 and at most 65536 bytes, not -xpcapsize=1073741824 */
#pragma D option pcapsize=1g
BEGIN { pcap((void *)1, 1); }
