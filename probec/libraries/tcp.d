/* TCP: what the arguments of the tcp provider are given as. */
#pragma D depends_on library ip.d

/* RFC 9293's header. */
typedef struct tcpinfo {
	uint16_t tcp_sport;
	uint16_t tcp_dport;
	uint32_t tcp_seq;
	uint32_t tcp_ack;
	uint8_t tcp_offset;	/* of the data, in bytes */
	uint8_t tcp_flags;	/* TH_* */
	uint16_t tcp_window;
	uint16_t tcp_checksum;
	uint16_t tcp_urgent;
	uintptr_t tcp_hdr;
} tcpinfo_t;

inline uint8_t TH_FIN = 0x01;
inline uint8_t TH_SYN = 0x02;
inline uint8_t TH_RST = 0x04;
inline uint8_t TH_PUSH = 0x08;
inline uint8_t TH_ACK = 0x10;
inline uint8_t TH_URG = 0x20;
inline uint8_t TH_ECE = 0x40;
inline uint8_t TH_CWR = 0x80;

/* The connection that a packet belongs to. */
typedef struct tcpsinfo {
	uintptr_t tcps_addr;
	int tcps_local;		/* both ends are here */
	int tcps_active;	/* opened from here */
	uint16_t tcps_lport;
	uint16_t tcps_rport;
	string tcps_laddr;
	string tcps_raddr;
	int32_t tcps_state;	/* TCP_STATE_* */
	uint32_t tcps_iss;
	uint32_t tcps_irs;
	uint32_t tcps_suna;
	uint32_t tcps_smax;
	uint32_t tcps_snxt;
	uint32_t tcps_rack;
	uint32_t tcps_rnxt;
	uint32_t tcps_swnd;
	int32_t tcps_snd_ws;
	uint32_t tcps_rwnd;
	int32_t tcps_rcv_ws;
	uint32_t tcps_cwnd;
	uint32_t tcps_cwnd_ssthresh;
	uint32_t tcps_sack_fack;
	uint32_t tcps_sack_snxt;
	uint32_t tcps_rto;
	uint32_t tcps_mss;
	int tcps_retransmit;
	int32_t tcps_srtt;
} tcpsinfo_t;

typedef struct tcplsinfo {
	int32_t tcps_state;
} tcplsinfo_t;

inline int TCP_STATE_CLOSED = 0;
inline int TCP_STATE_LISTEN = 1;
inline int TCP_STATE_SYN_SENT = 2;
inline int TCP_STATE_SYN_RECEIVED = 3;
inline int TCP_STATE_ESTABLISHED = 4;
inline int TCP_STATE_CLOSE_WAIT = 5;
inline int TCP_STATE_FIN_WAIT_1 = 6;
inline int TCP_STATE_CLOSING = 7;
inline int TCP_STATE_LAST_ACK = 8;
inline int TCP_STATE_FIN_WAIT_2 = 9;
inline int TCP_STATE_TIME_WAIT = 10;

inline string tcp_state_string[int32_t state] =
	state == TCP_STATE_CLOSED ? "state-closed" :
	state == TCP_STATE_LISTEN ? "state-listen" :
	state == TCP_STATE_SYN_SENT ? "state-syn-sent" :
	state == TCP_STATE_SYN_RECEIVED ? "state-syn-received" :
	state == TCP_STATE_ESTABLISHED ? "state-established" :
	state == TCP_STATE_CLOSE_WAIT ? "state-close-wait" :
	state == TCP_STATE_FIN_WAIT_1 ? "state-fin-wait-1" :
	state == TCP_STATE_CLOSING ? "state-closing" :
	state == TCP_STATE_LAST_ACK ? "state-last-ack" :
	state == TCP_STATE_FIN_WAIT_2 ? "state-fin-wait-2" :
	state == TCP_STATE_TIME_WAIT ? "state-time-wait" :
	"<unknown>";

/* Linux's states, in its order. */
inline int tcp_state_of[int32_t state] =
	state == 1 ? TCP_STATE_ESTABLISHED : state == 2 ? TCP_STATE_SYN_SENT :
	state == 3 || state == 12 ? TCP_STATE_SYN_RECEIVED : state == 4 ? TCP_STATE_FIN_WAIT_1 :
	state == 5 ? TCP_STATE_FIN_WAIT_2 : state == 6 ? TCP_STATE_TIME_WAIT :
	state == 8 ? TCP_STATE_CLOSE_WAIT : state == 9 ? TCP_STATE_LAST_ACK :
	state == 10 ? TCP_STATE_LISTEN : state == 11 ? TCP_STATE_CLOSING : TCP_STATE_CLOSED;

/* The probes are made of a socket's changes of state: there is no packet. Their arguments are the socket,
 * its old state, its new state. */
translator pktinfo_t < struct sock *sk > {
	pkt_addr = 0;
};

translator csinfo_t < struct sock *sk > {
	cs_addr = (uintptr_t)sk;
	cs_cid = (uint64_t)sk;
	cs_pid = pid;
	cs_zoneid = 0;
};

translator ipinfo_t < struct sock *sk > {
	ip_ver = sk->__sk_common.skc_family == AF_INET6 ? 6 : 4;
	ip_plength = 0;
	ip_saddr = sk->__sk_common.skc_family == AF_INET6 ?
	    inet_ntoa6(&sk->__sk_common.skc_v6_rcv_saddr) :
	    inet_ntoa(&sk->__sk_common.skc_rcv_saddr);
	ip_daddr = sk->__sk_common.skc_family == AF_INET6 ?
	    inet_ntoa6(&sk->__sk_common.skc_v6_daddr) :
	    inet_ntoa(&sk->__sk_common.skc_daddr);
};

translator tcpsinfo_t < struct sock *sk > {
	tcps_addr = (uintptr_t)sk;
	tcps_local = sk->__sk_common.skc_rcv_saddr == sk->__sk_common.skc_daddr;
	tcps_active = arg1 == 2;
	tcps_lport = sk->__sk_common.skc_num;
	tcps_rport = ntohs(sk->__sk_common.skc_dport);
	tcps_laddr = sk->__sk_common.skc_family == AF_INET6 ?
	    inet_ntoa6(&sk->__sk_common.skc_v6_rcv_saddr) :
	    inet_ntoa(&sk->__sk_common.skc_rcv_saddr);
	tcps_raddr = sk->__sk_common.skc_family == AF_INET6 ?
	    inet_ntoa6(&sk->__sk_common.skc_v6_daddr) :
	    inet_ntoa(&sk->__sk_common.skc_daddr);
	tcps_state = tcp_state_of[arg2];
	tcps_suna = ((struct tcp_sock *)sk)->snd_una;
	tcps_snxt = ((struct tcp_sock *)sk)->snd_nxt;
	tcps_rnxt = ((struct tcp_sock *)sk)->rcv_nxt;
	tcps_swnd = ((struct tcp_sock *)sk)->snd_wnd;
	tcps_rwnd = ((struct tcp_sock *)sk)->rcv_wnd;
	tcps_cwnd = ((struct tcp_sock *)sk)->snd_cwnd;
	tcps_cwnd_ssthresh = ((struct tcp_sock *)sk)->snd_ssthresh;
	tcps_mss = ((struct tcp_sock *)sk)->mss_cache;
	tcps_srtt = ((struct tcp_sock *)sk)->srtt_us >> 3;
};

translator tcpinfo_t < struct sock *sk > {
	tcp_sport = sk->__sk_common.skc_num;
	tcp_dport = ntohs(sk->__sk_common.skc_dport);
	tcp_seq = 0;
	tcp_ack = 0;
	tcp_offset = 0;
	tcp_flags = 0;
	tcp_window = 0;
	tcp_checksum = 0;
	tcp_urgent = 0;
	tcp_hdr = 0;
};

translator tcplsinfo_t < int state > {
	tcps_state = tcp_state_of[state];
};

provider tcp {
	probe state__change(struct sock *sk, int old, int now) :
	    (pktinfo_t *sk, csinfo_t *sk, ipinfo_t *sk, tcpsinfo_t *sk, tcpinfo_t *sk, tcplsinfo_t *old);
	probe connect__request(struct sock *sk) :
	    (pktinfo_t *sk, csinfo_t *sk, ipinfo_t *sk, tcpsinfo_t *sk, tcpinfo_t *sk);
	probe connect__established(struct sock *sk) :
	    (pktinfo_t *sk, csinfo_t *sk, ipinfo_t *sk, tcpsinfo_t *sk, tcpinfo_t *sk);
	probe connect__refused(struct sock *sk) :
	    (pktinfo_t *sk, csinfo_t *sk, ipinfo_t *sk, tcpsinfo_t *sk, tcpinfo_t *sk);
	probe accept__established(struct sock *sk) :
	    (pktinfo_t *sk, csinfo_t *sk, ipinfo_t *sk, tcpsinfo_t *sk, tcpinfo_t *sk);
};
