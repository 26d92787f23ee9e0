/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Wrappers: dissectors in the place of another one, at a port or an ALPN name. They look at what comes in before its
 * owner does, which receives all that is not ours as if there were no wrapper. Their protocols exist in name only: they
 * add no layer, and disabling mstun does not disable them. */
#ifndef MSTUN_ENTRY_WRAPPER_H
#define MSTUN_ENTRY_WRAPPER_H

#include "base/registrar.h"

/** The protocol of the ports' wrappers. */
int mstun_wrapper_proto(void);

/** Registers a protocol for a wrapper whose title is shown. All strings are static. */
int mstun_wrapper_register_proto(const char *title, const char *short_name, const char *filter);

/** Calls the owner, or our own dissector, which may ask for more bytes if the wrapper might. */
int mstun_wrapper_call(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

void mstun_wrapper_register(const mstun_registrar_t *reg);

#endif
