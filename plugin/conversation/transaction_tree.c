/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Links between requests and responses, in the tree of each. */
#include "conversation/transaction.h"

static int hf_response_in = -1;
static int hf_response_to = -1;
static int hf_time = -1;
static int hf_retransmission_of = -1;
static int hf_alternate_of = -1;

static void add_frame(proto_tree *tree, int hf, tvbuff_t *tvb, uint32_t frame)
{
    proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, frame));
}

static void show_response(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree)
{
    nstime_t taken;

    add_frame(tree, hf_response_to, tvb, event->transaction->request_frame);
    nstime_delta(&taken, &event->pinfo->abs_ts, &event->transaction->request_time);
    proto_item_set_generated(proto_tree_add_time(tree, hf_time, tvb, 0, 0, &taken));
}

void mstun_transaction_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree)
{
    const mstun_transaction_t *transaction = event->transaction;
    const mstun_repeat_t *repeat = event->repeat;

    if (!transaction) {
        return;
    }
    if (repeat && !repeat->other_answer) {
        add_frame(tree, repeat->other_format ? hf_alternate_of : hf_retransmission_of, tvb,
                  repeat->of_request ? transaction->request_frame : transaction->response_frame);
    }
    if (event->facts->class == STUN_REQUEST) {
        if (transaction->response_frame) {
            add_frame(tree, hf_response_in, tvb, transaction->response_frame);
        }
    } else if (mstun_transaction_has_request(transaction, event->pinfo)) {
        show_response(event, tvb, tree);
    }
}

void mstun_transaction_tree_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_response_in,
          { "Response In", "mstun.response_in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0x0,
            "The response to this request is in this frame", HFILL } },
        { &hf_response_to,
          { "Request In", "mstun.response_to", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0x0,
            "This is the response to the request in this frame", HFILL } },
        { &hf_time,
          { "Time", "mstun.time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0,
            "The time between the request and this response", HFILL } },
        { &hf_retransmission_of,
          { "Retransmission of", "mstun.retransmission_of", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_RETRANS_PREV), 0x0, "The same message was first sent in this frame", HFILL } },
        { &hf_alternate_of,
          { "Alternate Format of", "mstun.alternate_of", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0,
            "The other format of the same MS-ICE2 check was sent in this frame", HFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
}
