/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signal/diagnostics.h"

#define PARAMETERS_MAX 64 /* of one header */
#define DEBUG_MEDIA_MAX 8 /* in one MediaDebug */

/* "410.301005": a number, and perhaps a second one. */
static bool parse_id(mstun_slice_t text, mstun_diagnostics_t *diagnostics)
{
    mstun_slice_t id;

    text = mstun_slice_trimmed(text);
    if (!mstun_slice_next_part(&text, '.', &id) || !mstun_slice_number(id, UINT32_MAX, &diagnostics->id)) {
        return false;
    }
    diagnostics->has_sub_id = text.len > 0 && mstun_slice_number(text, UINT32_MAX, &diagnostics->sub_id);
    return text.len == 0 || diagnostics->has_sub_id;
}

/* Takes "name=value" or "name=\"value\"" in front of the next ';' that is not inside quotes. */
static bool next_parameter(mstun_slice_t *rest, mstun_slice_t *name, mstun_slice_t *value)
{
    bool quoted = false;
    size_t len = 0;

    if (rest->len == 0) {
        return false;
    }
    for (; len < rest->len && (quoted || rest->at[len] != ';'); len++) {
        if (quoted && rest->at[len] == '\\' && len + 1 < rest->len) {
            len++;
        } else if (rest->at[len] == '"') {
            quoted = !quoted;
        }
    }
    mstun_slice_t parameter = mstun_slice_trimmed((mstun_slice_t){ rest->at, len });
    size_t taken = len < rest->len ? len + 1 : len;

    rest->at += taken;
    rest->len -= taken;
    if (!mstun_slice_next_part(&parameter, '=', name)) {
        *name = (mstun_slice_t){ NULL, 0 };
    }
    *name = mstun_slice_trimmed(*name);
    *value = mstun_slice_trimmed(parameter);
    if (value->len >= 2 && value->at[0] == '"' && value->at[value->len - 1] == '"') {
        *value = (mstun_slice_t){ value->at + 1, value->len - 2 };
    }
    return true;
}

static void add_ice_warn(mstun_slice_t value, mstun_diagnostics_t *diagnostics)
{
    uint32_t bits;

    if (mstun_slice_hex_prefix(value, &bits)) {
        diagnostics->has_ice_warn = true;
        diagnostics->ice_warn |= bits;
    }
}

/* CallerMediaDebug="audio:ICEWarn=0x0,LocalSite=...;video:ICEWarn=..." */
static void read_media_debug(mstun_slice_t value, mstun_diagnostics_t *diagnostics)
{
    mstun_slice_t part;

    for (unsigned i = 0; i < DEBUG_MEDIA_MAX * PARAMETERS_MAX && mstun_slice_next_part(&value, ',', &part); i++) {
        for (size_t at = 0; at < part.len; at++) {
            mstun_slice_t rest = { part.at + at, part.len - at };

            if (mstun_slice_take_prefix(&rest, "ICEWarn=")) {
                add_ice_warn(rest, diagnostics);
                break;
            }
        }
    }
}

bool mstun_diagnostics_parse(mstun_slice_t value, mstun_diagnostics_t *diagnostics)
{
    mstun_slice_t id, name, parameter;

    memset(diagnostics, 0, sizeof *diagnostics);
    if (!mstun_slice_next_part(&value, ';', &id) || !parse_id(id, diagnostics)) {
        return false;
    }
    for (unsigned i = 0; i < PARAMETERS_MAX && next_parameter(&value, &name, &parameter); i++) {
        if (mstun_slice_is(name, "reason")) {
            diagnostics->reason = parameter;
        } else if (mstun_slice_is(name, "component")) {
            diagnostics->component = parameter;
        } else if (mstun_slice_is(name, "source")) {
            diagnostics->source = parameter;
        } else if (mstun_slice_is(name, "ICEWarn")) {
            add_ice_warn(parameter, diagnostics);
        } else if (mstun_slice_is(name, "CallerMediaDebug") || mstun_slice_is(name, "CalleeMediaDebug")) {
            read_media_debug(parameter, diagnostics);
        }
    }
    return true;
}

const char *mstun_diagnostics_text(wmem_allocator_t *scope, const mstun_diagnostics_t *diagnostics)
{
    mstun_code_kind_t kind;
    const char *words = mstun_diagnostics_words(diagnostics, &kind);
    const char *range = mstun_diagnostics_range(diagnostics->id);
    char *id = diagnostics->has_sub_id ? wmem_strdup_printf(scope, "%u.%u", diagnostics->id, diagnostics->sub_id)
                                       : wmem_strdup_printf(scope, "%u", diagnostics->id);

    if (words) {
        return wmem_strdup_printf(scope, "%s: %s", id, words);
    }
    return wmem_strdup_printf(scope, "%s%s%s%s%s%s", id, range ? ", of " : "", range ? range : "",
                              diagnostics->reason.len > 0 ? ": \"" : "",
                              diagnostics->reason.len > 0 ? mstun_slice_dup(scope, diagnostics->reason) : "",
                              diagnostics->reason.len > 0 ? "\"" : "");
}
