/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signal/sdp.h"

#define UFRAG_MIN 4 /* RFC 8839 section 5.4 */
#define PWD_MIN 22
#define UFRAG_MAX 256

/* What has been read so far. */
typedef struct {
    mstun_slice_t body;
    mstun_sdp_t *sdp;
    mstun_sdp_media_t session; /* what stands in front of the first section */
    mstun_sdp_media_t *media;  /* the section, or session */
    mstun_slice_t bundle;      /* the mids of "a=group:BUNDLE" */
    bool bundled_only;         /* of the section */
    wmem_array_t *sections, *candidates;
    mstun_slice_t line;
} reader_t;

static void add_problem(reader_t *reader, mstun_sdp_problem_kind_t kind)
{
    mstun_sdp_t *sdp = reader->sdp;

    if (sdp->problem_count < MSTUN_SDP_PROBLEMS_MAX) {
        sdp->problems[sdp->problem_count++] = (mstun_sdp_problem_t){
            .kind = kind, .offset = (uint32_t)(reader->line.at - reader->body.at), .len = (uint32_t)reader->line.len
        };
    }
}

/* RFC 8839 section 5.4 has letters, digits, '+' and '/'; others do not hinder us. */
static bool is_secret(mstun_slice_t value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (!g_ascii_isgraph(value.at[i])) {
            return false;
        }
    }
    return value.len > 0 && value.len <= UFRAG_MAX;
}

static void read_secret(reader_t *reader, mstun_slice_t value, size_t min, mstun_sdp_problem_kind_t problem,
                        mstun_slice_t *secret)
{
    value = mstun_slice_trimmed(value);
    if (value.len < min || !is_secret(value)) {
        add_problem(reader, problem);
    }
    if (is_secret(value)) {
        *secret = value;
    }
}

static void read_candidate(reader_t *reader, mstun_slice_t value)
{
    mstun_candidate_t candidate;

    if (!mstun_candidate_parse(value, &candidate)) {
        add_problem(reader, MSTUN_SDP_BAD_CANDIDATE);
    } else if (wmem_array_get_count(reader->candidates) >= MSTUN_SDP_CANDIDATES_MAX) {
        add_problem(reader, MSTUN_SDP_TOO_MUCH);
    } else {
        reader->sdp->microsoft = reader->sdp->microsoft || candidate.microsoft || candidate.ms_ice;
        wmem_array_append_one(reader->candidates, candidate);
        reader->media->candidate_count++;
    }
}

static void read_group(reader_t *reader, mstun_slice_t value)
{
    mstun_slice_t word;

    if (mstun_slice_next_word(&value, &word) && mstun_slice_is(word, "BUNDLE") && reader->bundle.len == 0) {
        reader->bundle = value;
    }
}

static void read_attribute(reader_t *reader, mstun_slice_t line)
{
    static const char *const of_microsoft[] = {
        "x-candidate", "x-applicationsharing", "x-mediabw:", "x-caps:", "x-bypassid:", "x-ms-", "cryptoscale:"
    };
    mstun_sdp_media_t *media = reader->media;

    for (unsigned i = 0; i < array_length(of_microsoft); i++) {
        mstun_slice_t rest = line;

        reader->sdp->microsoft = reader->sdp->microsoft || mstun_slice_take_prefix(&rest, of_microsoft[i]);
    }
    if (mstun_slice_take_prefix(&line, "candidate:") || mstun_slice_take_prefix(&line, "x-candidate-ipv6:")) {
        read_candidate(reader, line);
    } else if (mstun_slice_take_prefix(&line, "ice-ufrag:")) {
        read_secret(reader, line, UFRAG_MIN, MSTUN_SDP_BAD_UFRAG, &media->ufrag);
    } else if (mstun_slice_take_prefix(&line, "ice-pwd:")) {
        read_secret(reader, line, PWD_MIN, MSTUN_SDP_BAD_PWD, &media->pwd);
    } else if (mstun_slice_take_prefix(&line, "mid:")) {
        media->mid = mstun_slice_trimmed(line);
    } else if (mstun_slice_take_prefix(&line, "label:")) {
        media->label = mstun_slice_trimmed(line);
    } else if (mstun_slice_take_prefix(&line, "group:")) {
        read_group(reader, line);
    } else if (mstun_slice_take_prefix(&line, "x-ms-SDP-diagnostics:")) {
        media->diagnostics = mstun_slice_trimmed(line);
    } else if (mstun_slice_take_prefix(&line, "remote-candidate")) { /* [MS-ICE] has one, without the last letter */
        media->remote_candidates = true;
    } else if (mstun_slice_is(mstun_slice_trimmed(line), "ice-mismatch")) {
        media->mismatch = true;
    } else if (mstun_slice_is(mstun_slice_trimmed(line), "end-of-candidates")) {
        media->end_of_candidates = true;
    } else if (mstun_slice_is(mstun_slice_trimmed(line), "bundle-only")) {
        reader->bundled_only = true;
    }
}

/* RFC 8843 section 6: port 0 and "bundle-only" mean that the section has no port of its own. */
static void end_section(reader_t *reader)
{
    mstun_sdp_media_t *media = reader->media;

    if (media != &reader->session) {
        media->refused = media->port == 0 && !reader->bundled_only;
    }
}

/* <media> <port>[/<number>] <protocol> <formats> */
static void begin_section(reader_t *reader, mstun_slice_t line)
{
    mstun_sdp_media_t media = { .first_candidate = wmem_array_get_count(reader->candidates) };
    mstun_slice_t port, number;

    end_section(reader);
    reader->bundled_only = false;
    if (wmem_array_get_count(reader->sections) >= MSTUN_SDP_MEDIA_MAX) {
        add_problem(reader, MSTUN_SDP_TOO_MUCH);
        reader->media = &reader->session;
        return;
    }
    if (!mstun_slice_next_word(&line, &media.kind) || !mstun_slice_next_word(&line, &port) ||
        !mstun_slice_next_part(&port, '/', &number) || !mstun_slice_number(number, UINT16_MAX, &media.port)) {
        add_problem(reader, MSTUN_SDP_BAD_MEDIA);
        media.port = 9; /* not known to be refused */
    }
    wmem_array_append_one(reader->sections, media);
    reader->media = (mstun_sdp_media_t *)wmem_array_index(reader->sections, wmem_array_get_count(reader->sections) - 1);
}

/* <user> <session> <version> IN IP4 <address> */
static void read_origin(reader_t *reader, mstun_slice_t line)
{
    mstun_slice_t user, session;

    if (mstun_slice_next_word(&line, &user) && mstun_slice_next_word(&line, &session)) {
        reader->sdp->origin = (mstun_slice_t){ user.at, (size_t)(session.at - user.at) + session.len };
    }
}

static void read_line(reader_t *reader, mstun_slice_t line)
{
    reader->line = line;
    if (mstun_slice_take_prefix(&line, "a=")) {
        read_attribute(reader, line);
    } else if (mstun_slice_take_prefix(&line, "m=")) {
        begin_section(reader, line);
    } else if (mstun_slice_take_prefix(&line, "o=")) {
        read_origin(reader, line);
    }
}

static bool is_in_bundle(const reader_t *reader, const mstun_sdp_media_t *media)
{
    mstun_slice_t rest = reader->bundle, word;

    while (media->mid.len > 0 && mstun_slice_next_word(&rest, &word)) {
        if (mstun_slice_equal(word, media->mid)) {
            return true;
        }
    }
    return false;
}

/* A section without ufrag has the session's (RFC 8839 section 5.4), a bundled one may leave it to the first. */
static void inherit(const reader_t *reader, unsigned count)
{
    mstun_sdp_media_t *media = reader->sdp->media;
    const mstun_sdp_media_t *first_bundled = NULL;

    for (unsigned i = 0; i < count; i++) {
        bool bundled = is_in_bundle(reader, &media[i]);
        const mstun_sdp_media_t *source = bundled && first_bundled ? first_bundled : &reader->session;

        if (media[i].ufrag.len == 0 && !media[i].refused) {
            media[i].ufrag = source->ufrag;
            media[i].pwd = source->pwd;
        }
        media[i].remote_candidates = media[i].remote_candidates || reader->session.remote_candidates;
        media[i].mismatch = media[i].mismatch || reader->session.mismatch;
        media[i].end_of_candidates = media[i].end_of_candidates || reader->session.end_of_candidates;
        if (bundled && !first_bundled) {
            first_bundled = &media[i];
        }
    }
}

mstun_sdp_t *mstun_sdp_parse(wmem_allocator_t *scope, mstun_slice_t body)
{
    reader_t reader = { .body = body,
                        .sdp = wmem_new0(scope, mstun_sdp_t),
                        .sections = wmem_array_new(scope, sizeof(mstun_sdp_media_t)),
                        .candidates = wmem_array_new(scope, sizeof(mstun_candidate_t)) };
    mstun_slice_t rest = { body.at, MIN(body.len, MSTUN_SDP_LEN_MAX) }, line;
    mstun_sdp_t *sdp = reader.sdp;

    reader.media = &reader.session;
    while (mstun_slice_next_line(&rest, &line)) {
        read_line(&reader, line);
    }
    end_section(&reader);
    if (body.len > MSTUN_SDP_LEN_MAX) {
        add_problem(&reader, MSTUN_SDP_TOO_MUCH);
    }
    sdp->media_count = wmem_array_get_count(reader.sections);
    sdp->media = (mstun_sdp_media_t *)wmem_array_get_raw(reader.sections);
    sdp->candidate_count = wmem_array_get_count(reader.candidates);
    sdp->candidates = (mstun_candidate_t *)wmem_array_get_raw(reader.candidates);
    inherit(&reader, sdp->media_count);
    return sdp;
}

const char *mstun_sdp_problem_text(mstun_sdp_problem_kind_t kind)
{
    switch (kind) {
    case MSTUN_SDP_BAD_CANDIDATE:
        return "This is no candidate of RFC 8839, [MS-ICE2] or [MS-ICE]: it is ignored";
    case MSTUN_SDP_BAD_UFRAG:
        return "An ufrag has 4 to 256 characters (RFC 8839 section 5.4)";
    case MSTUN_SDP_BAD_PWD:
        return "An ICE password has 22 to 256 characters (RFC 8839 section 5.4)";
    case MSTUN_SDP_BAD_MEDIA:
        return "This is no media line: its port is not known";
    case MSTUN_SDP_TOO_MUCH:
        break;
    }
    return "There is more of this than anybody needs: it is ignored";
}

const char *mstun_sdp_media_name(wmem_allocator_t *scope, const mstun_sdp_media_t *media)
{
    uint32_t number; /* RFC 4574's labels mostly are one, which names nothing */

    return mstun_slice_dup(scope, media->label.len > 0 && !mstun_slice_number(media->label, UINT32_MAX, &number)
                                      ? media->label
                                      : media->kind);
}
