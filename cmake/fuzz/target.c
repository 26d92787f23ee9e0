/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libFuzzer's target: one input is a small capture, dissected inside libwireshark as Wireshark does it, all packets in
 * order and then a second time in reverse order, with a visible tree and with the columns.
 *
 * An input is a row of records: a head of three bytes, then the packet's payload.
 *
 *   bits 7-6 of the first byte   UDP, TCP, TCP with one of the odd things of ODD, TLS's data
 *   bit  5                       direction
 *   bits 4-2                     which of eight connections
 *   bits 1-0                     how much time has passed, see PAUSE
 *   two bytes                    length of the payload, its top bits choose the odd thing
 *
 * So every entry of the plugin is reached: TCP and UDP on free and owned ports, and the dissector for TLS's data. */
#include "base/compat.h"

#include <epan/column-info.h>
#include <epan/column.h>
#include <epan/epan.h>
#include <epan/epan_dissect.h>
#include <epan/frame_data.h>
#include <epan/stat_tap_ui.h>
#include <epan/tap.h>
#include <wiretap/wtap.h>
#include <wsutil/filesystem.h>
#include <wsutil/privileges.h>
#include <wsutil/wslog.h>

#include "signal/diagnostics.h"
#include "signal/mras.h"
#include "signal/sdp.h"

#define PACKETS_MAX 64
#define PAYLOAD_MAX 0x1FFF
#define CONNECTIONS 8
#define HEADERS_LEN 54 /* Ethernet, IPv4, TCP */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void plugin_register(void);

/* What real networks and captures do to a segment. */
enum {
    ODD_GAP, /* segments before it are missing */
    ODD_RETRANSMISSION,
    ODD_FIN,
    ODD_RESET,
    ODD_CUT, /* the capture holds half of it */
    ODD_BACK_IN_TIME,
    ODD_SYN,
    ODD_KEEP_ALIVE,
};

static const unsigned PAUSE[] = { 0, 20, 1000, 40000 }; /* ms */
/* Free, TURN's, HTTPS, SIP's, free, TURN over TLS, HTTP, and the one with Decode As "mstun.tls". */
static const uint16_t PORTS[CONNECTIONS] = { 50000, 3478, 443, 5060, 40123, 5349, 80, 4433 };

static const char *const REPORTS[] = { "mstun,pairs", "mstun,turn", "mstun,candidates", "mstun,findings,json" };
static const char *const CREDENTIALS[] = {
    "uat:mstun_credentials:\"text\",\"lab\",\"\",\"text\",\"secret\",\"\"",
    "uat:mstun_credentials:\"ufrag\",\"RfRg\",\"\",\"text\",\"password\",\"\"",
    "uat:mstun_credentials:\"text\",\"\",\"example.org\",\"shared secret\",\"secret\",\"\"",
};
/* Dissectors whose own assertions fail on such bytes, with and without mstun. */
static const char *const FOREIGN_BUGS[] = { "ceph" };

typedef struct {
    frame_data fd;
    uint8_t *bytes;
} packet_t;

struct packet_provider_data {
    packet_t packets[PACKETS_MAX];
    unsigned count;
};

typedef struct {
    uint32_t next[2];
    bool open[2];
} flow_t;

static struct packet_provider_data capture;
static column_info columns;

static const nstime_t *frame_ts(struct packet_provider_data *prov, guint32 number)
{
    return number >= 1 && number <= prov->count ? &prov->packets[number - 1].fd.abs_ts : NULL;
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xFFFF);
}

/* The addresses of a connection: client 10.0.0.1 with a port by its number, server 10.0.0.2. */
static void put_ends(uint8_t *frame, unsigned connection, unsigned direction, bool udp)
{
    unsigned client_port = 49000 + connection, server_port = PORTS[connection];

    put16(frame + 12, 0x0800);
    frame[14] = 0x45;
    frame[22] = 64;
    frame[23] = udp ? 17 : 6;
    put32(frame + 26, direction ? 0x0A000002 : 0x0A000001);
    put32(frame + 30, direction ? 0x0A000001 : 0x0A000002);
    put16(frame + 34, direction ? server_port : client_port);
    put16(frame + 36, direction ? client_port : server_port);
}

static void put_tcp(uint8_t *frame, flow_t *flow, unsigned direction, unsigned odd, bool is_odd, unsigned len)
{
    uint32_t seq = flow->next[direction];
    uint8_t flags = 0x18; /* PSH, ACK */

    if (!flow->open[direction]) {
        seq = flow->next[direction] = 1000 + direction * 70000;
        flow->open[direction] = true;
    }
    if (is_odd && odd == ODD_GAP) {
        seq += 1460;
    } else if (is_odd && odd == ODD_RETRANSMISSION) {
        seq -= MIN(len, 700);
    } else if (is_odd && odd == ODD_KEEP_ALIVE) {
        seq -= 1;
    } else if (is_odd && odd == ODD_FIN) {
        flags |= 0x01;
    } else if (is_odd && odd == ODD_RESET) {
        flags = 0x14;
    } else if (is_odd && odd == ODD_SYN) {
        flags = direction ? 0x12 : 0x02;
    }
    put32(frame + 38, seq);
    put32(frame + 42, flow->next[1 - direction]);
    frame[46] = 0x50;
    frame[47] = flags;
    put16(frame + 48, 0xFFFF);
    flow->next[direction] = seq + len + (flags & 0x03 ? 1 : 0);
}

/* One record to one packet; returns how many bytes of the input it took, 0 if there is none left. */
static size_t make_packet(const uint8_t *data, size_t size, flow_t *flows, int64_t *now_ms)
{
    if (size < 4 || capture.count >= PACKETS_MAX) {
        return 0;
    }
    unsigned kind = data[0] >> 6, direction = data[0] >> 5 & 1, connection = kind == 3 ? 7 : data[0] >> 2 & 7;
    unsigned odd = data[1] >> 5, len = (unsigned)MIN(size - 3, pntohu16(data + 1) & PAYLOAD_MAX);
    bool udp = kind == 0, is_odd = kind == 2;
    unsigned headers = udp ? 42 : HEADERS_LEN;
    packet_t *packet = &capture.packets[capture.count++];
    uint8_t *frame = packet->bytes = (uint8_t *)g_malloc0(HEADERS_LEN + len);

    put_ends(frame, connection, direction, udp);
    put16(frame + 16, headers - 14 + len);
    if (udp) {
        put16(frame + 38, 8 + len);
    } else {
        put_tcp(frame, &flows[connection], direction, odd, is_odd, len);
    }
    memcpy(frame + headers, data + 3, len);
    *now_ms += (int64_t)PAUSE[data[0] & 3] - (is_odd && odd == ODD_BACK_IN_TIME ? 5000 : 0);
    packet->fd = (frame_data){ .num = capture.count,
                               .pkt_len = headers + len,
                               .cap_len = is_odd && odd == ODD_CUT ? headers + len / 2 : headers + len,
                               .has_ts = 1,
                               .tsprec = WTAP_TSPREC_USEC,
                               .abs_ts = { *now_ms / 1000, (int)(*now_ms % 1000 * 1000000) } };
    return 3 + len;
}

static void dissect(epan_t *session, packet_t *packet)
{
    epan_dissect_t *edt = epan_dissect_new(session, TRUE, TRUE);
    wtap_rec rec = { .rec_type = REC_TYPE_PACKET, .presence_flags = WTAP_HAS_TS | WTAP_HAS_CAP_LEN };
    static nstime_t elapsed;
    static const frame_data *reference;

    rec.ts = packet->fd.abs_ts;
    rec.rec_header.packet_header.caplen = packet->fd.cap_len;
    rec.rec_header.packet_header.len = packet->fd.pkt_len;
    rec.rec_header.packet_header.pkt_encap = WTAP_ENCAP_ETHERNET;
    frame_data_set_before_dissect(&packet->fd, &elapsed, &reference, NULL);
    /* Bytes of its own for every visit: the sanitizer then sees each step beyond them. */
    uint8_t *bytes = (uint8_t *)g_memdup2(packet->bytes, packet->fd.cap_len);

    epan_dissect_run_with_taps(edt, WTAP_FILE_TYPE_SUBTYPE_UNKNOWN, &rec,
                               tvb_new_real_data(bytes, packet->fd.cap_len, (int)packet->fd.pkt_len), &packet->fd,
                               &columns);
    epan_dissect_free(edt);
    g_free(bytes);
    packet->fd.visited = 1;
}

/* The readers of signalling, on the input itself: SIP in front of it would have to fit its length. */
static void read_signalling(const uint8_t *data, size_t size)
{
    wmem_allocator_t *scope = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
    uint8_t *copy = (uint8_t *)g_memdup2(data, size); /* the sanitizer sees each step beyond it */
    const mstun_slice_t text = { (const char *)copy, size };
    mstun_diagnostics_t diagnostics;
    mstun_mras_t mras;

    (void)mstun_sdp_parse(scope, text);
    (void)mstun_mras_parse(text, &mras);
    if (mstun_diagnostics_parse(text, &diagnostics)) {
        (void)mstun_diagnostics_text(scope, &diagnostics);
    }
    g_free(copy);
    wmem_destroy_allocator(scope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct packet_provider_funcs functions = { .get_frame_ts = frame_ts };
    flow_t flows[CONNECTIONS] = { 0 };
    int64_t now_ms = 1577836800000; /* 2020 */
    size_t taken;

    read_signalling(data, size);
    capture.count = 0;
    while ((taken = make_packet(data, size, flows, &now_ms)) > 0) {
        data += taken;
        size -= taken;
    }
    epan_t *session = epan_new(&capture, &functions);

    for (unsigned i = 0; i < capture.count; i++) {
        dissect(session, &capture.packets[i]);
    }
    draw_tap_listeners(TRUE);
    for (unsigned i = capture.count; i > 0; i--) {
        dissect(session, &capture.packets[i - 1]);
    }
    for (unsigned i = 0; i < capture.count; i++) {
        frame_data_destroy(&capture.packets[i].fd);
        g_free(capture.packets[i].bytes);
    }
    reset_tap_listeners();
    epan_free(session);
    return 0;
}

static tap_packet_status ignore(void *tapdata _U_, packet_info *pinfo _U_, epan_dissect_t *edt _U_,
                                const void *data _U_, tap_flags_t flags _U_)
{
    return TAP_PACKET_DONT_REDRAW;
}

/* libFuzzer does not look at what its initialization returns. */
static void must(bool done, const char *what)
{
    if (!done) {
        fprintf(stderr, "the fuzz target cannot start: %s\n", what);
        exit(1);
    }
}

int LLVMFuzzerInitialize(int *argc _U_, char ***argv)
{
    g_setenv("WIRESHARK_DEBUG_WMEM_OVERRIDE", "simple", TRUE); /* every allocation is one of the sanitizer's */
    /* Every session would read the list of MAC addresses' makers again. */
    g_setenv("WIRESHARK_DATA_DIR", "/nonexistent", TRUE);
    g_setenv("WIRESHARK_ABORT_ON_DISSECTOR_BUG", "1", TRUE);
    must(freopen("/dev/null", "w", stdout) != NULL, "/dev/null"); /* the reports; libFuzzer writes to stderr */
    ws_log_init("mstun-fuzz", NULL);
    ws_log_set_level(LOG_LEVEL_ERROR);
    init_process_policies();
    g_free(configuration_init(*argv[0], NULL));
    wtap_init(FALSE);
    plugin_register();
    must(epan_init(NULL, NULL, FALSE), "epan_init");
    epan_load_settings();
    dissector_change_uint("tcp.port", PORTS[7], find_dissector("mstun.tls"));
    must(!register_tap_listener("expert", &capture, NULL, 0, NULL, ignore, NULL, NULL), "tap");
    for (unsigned i = 0; i < array_length(REPORTS); i++) {
        must(process_stat_cmd_arg(REPORTS[i]), REPORTS[i]);
    }
    start_requested_stats();
    for (unsigned i = 0; i < array_length(CREDENTIALS); i++) {
        char *row = g_strdup(CREDENTIALS[i]), *error = NULL;

        must(prefs_set_pref(row, &error) == PREFS_SET_OK, error ? error : row);
        g_free(row);
    }
    for (unsigned i = 0; i < array_length(FOREIGN_BUGS); i++) {
        proto_set_decoding(proto_get_id_by_filter_name(FOREIGN_BUGS[i]), FALSE);
    }
    build_column_format_array(&columns, prefs.num_cols, TRUE);
    return 0;
}
