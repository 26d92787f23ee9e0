/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "entry/wrapper.h"

static int proto_wrapper = -1;

int mstun_wrapper_proto(void)
{
    return proto_wrapper;
}

int mstun_wrapper_register_proto(const char *title, const char *short_name, const char *filter)
{
    /* Whoever disables the parent disables the wrapper, and with it the port's owner: "frame" cannot be disabled. */
    return proto_register_protocol_in_name_only(title, short_name, filter, proto_get_id_by_filter_name("frame"),
                                                FT_PROTOCOL);
}

int mstun_wrapper_call(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    pinfo->can_desegment = pinfo->saved_can_desegment; /* it loses that right with each dissector that is called */
    return call_dissector_only(handle, tvb, pinfo, tree, data);
}

void mstun_wrapper_register(const mstun_registrar_t *reg _U_)
{
    proto_wrapper = mstun_wrapper_register_proto("STUN before a port's owner", "MSTUN or owner", "mstun.shared");
}
