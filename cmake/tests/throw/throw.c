/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Preloaded into tshark, this stands between the plugin and the dissectors that it calls. Called with what the
 * environment names, it leaves packet_info as the worst of dissectors would, and throws (cmake/tests/exceptions.py).
 *
 *   MSTUN_THROW_AT    a hand-over: the name of a dissector ("rtp"), "heuristics", "data", "ports" (of a relayed
 *                     connection)
 *   MSTUN_THROW_WHAT  the number of an exception in epan/exceptions.h
 *   MSTUN_THROW_LATE  set: the dissector runs, and throws at its end
 */
#define _GNU_SOURCE
#include <wireshark.h>
#include <epan/packet.h>
#include <epan/dissectors/packet-tcp.h>
#include <epan/exceptions.h>

#include <dlfcn.h>

/* Whether a call comes from the plugin: Wireshark's own calls pass through here, too. */
static bool is_from_plugin(void *caller)
{
    Dl_info file;

    return dladdr(caller, &file) && file.dli_fname && strstr(file.dli_fname, "/mstun.so");
}

static bool is_wanted(const char *hand_over, void *caller)
{
    const char *wanted = getenv("MSTUN_THROW_AT");

    return wanted && hand_over && strcmp(wanted, hand_over) == 0 && is_from_plugin(caller);
}

static void spoil(packet_info *pinfo)
{
    static const uint8_t ip[] = { 203, 0, 113, 99 };

    set_address(&pinfo->src, AT_IPv4, sizeof ip, ip);
    set_address(&pinfo->dst, AT_IPv4, sizeof ip, ip);
    set_address(&pinfo->net_src, AT_IPv4, sizeof ip, ip);
    set_address(&pinfo->net_dst, AT_IPv4, sizeof ip, ip);
    pinfo->ptype = PT_SCTP;
    pinfo->srcport = 9;
    pinfo->destport = 9;
    pinfo->match_uint = 9;
    pinfo->match_string = "spoilt";
    pinfo->heur_list_name = "spoilt";
    pinfo->current_proto = "SPOILT";
    pinfo->can_desegment = 9;
    pinfo->saved_can_desegment = 9;
    pinfo->desegment_offset = 9;
    pinfo->desegment_len = 9;
    pinfo->want_pdu_tracking = 9;
    pinfo->bytes_until_next_pdu = 9;
    pinfo->fragmented = true;
    pinfo->flags.in_error_pkt = 1;
    pinfo->private_table = (GHashTable *)pinfo;
    pinfo->dissection_depth += 90;
    col_set_writable(pinfo->cinfo, COL_INFO, false);
    col_set_writable(pinfo->cinfo, -1, false);
}

static void throw_now(packet_info *pinfo)
{
    spoil(pinfo);
    except_throw(XCEPT_GROUP_WIRESHARK, atol(getenv("MSTUN_THROW_WHAT")), "thrown by a test");
}

/* The function that would have been called. */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define PASS(name, hand_over, call)                                                                                    \
    bool wanted = is_wanted(hand_over, __builtin_return_address(0));                                                   \
                                                                                                                       \
    if (wanted && !getenv("MSTUN_THROW_LATE")) {                                                                       \
        throw_now(pinfo);                                                                                              \
    }                                                                                                                  \
    int result = REAL(name) call;                                                                                      \
                                                                                                                       \
    if (wanted && result) {                                                                                            \
        throw_now(pinfo);                                                                                              \
    }                                                                                                                  \
    return result

/* The types of what they return differ between versions: 4.0 has gboolean where later ones have bool. */
__typeof__(call_dissector_only(NULL, NULL, NULL, NULL, NULL))
call_dissector_only(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    PASS(call_dissector_only, dissector_handle_get_dissector_name(handle), (handle, tvb, pinfo, tree, data));
}

__typeof__(call_dissector(NULL, NULL, NULL, NULL))
call_dissector(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    PASS(call_dissector, dissector_handle_get_dissector_name(handle), (handle, tvb, pinfo, tree));
}

__typeof__(call_data_dissector(NULL, NULL, NULL))
call_data_dissector(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    PASS(call_data_dissector, "data", (tvb, pinfo, tree));
}

__typeof__(dissector_try_heuristic(NULL, NULL, NULL, NULL, NULL, NULL))
dissector_try_heuristic(heur_dissector_list_t list, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                        heur_dtbl_entry_t **entry, void *data)
{
    PASS(dissector_try_heuristic, "heuristics", (list, tvb, pinfo, tree, entry, data));
}

__typeof__(decode_tcp_ports(NULL, 0, NULL, NULL, 0, 0, NULL, NULL))
decode_tcp_ports(tvbuff_t *tvb, int offset, packet_info *pinfo, proto_tree *tree, int source, int destination,
                 struct tcp_analysis *analysis, struct tcpinfo *tcp)
{
    PASS(decode_tcp_ports, "ports", (tvb, offset, pinfo, tree, source, destination, analysis, tcp));
}
