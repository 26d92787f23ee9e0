/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Why a request was refused, where the capture proves it. */
#ifndef MSTUN_DIAGNOSE_ERROR_REASONS_H
#define MSTUN_DIAGNOSE_ERROR_REASONS_H

#include "diagnose/error_case.h"

/** ": the request has no XOR-PEER-ADDRESS", or "": the end of a sentence; static or allocated from scope. */
const char *mstun_error_reason(const mstun_error_case_t *error, wmem_allocator_t *scope);

/** Whether a 401 is not about the credentials, as the server accepted them before: it bars the peer. */
bool mstun_error_credentials_were_accepted(const mstun_error_case_t *error);

#endif
