# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls the makers: make.py [topic[:capture]]..., in make-all.sh's namespace."""
import importlib
import sys

TOPICS = {"coturn": ["make_coturn"], "libnice": ["make_libnice"], "ms-ice2": ["make_msice2"],
          "tcp": ["make_tcp", "make_tcp_cases"], "no-stun": ["make_nostun"],
          "rfc6062": ["make_rfc6062", "make_rfc6062_made"],
          "integrity": ["make_integrity"],
          "ms-turn": ["make_msturn", "make_msturn_made", "make_msnice", "make_msudp"], "tls": ["make_mstls"],
          "pairs": ["make_pairs", "make_pairs_relay", "make_pairs_ms"], "aioice": ["make_aioice"],
          "disproved": ["make_disproved"], "signalling": ["make_signalling"]}
# The others need browsers, Go, Erlang or node, and are programs of their own: make_browsers.py, make_pion.py,
# make_webrtc.py, make_eturnal.py, make_libre.py, make_uclient.py, make_tcpturn.py.


def main(args):
    wanted = {}
    for a in args or TOPICS:
        topic, _, name = a.partition(":")
        wanted.setdefault(topic, []).extend([name] if name else [])
    for topic, names in wanted.items():
        for maker in TOPICS[topic]:
            importlib.import_module(maker).main(names)


if __name__ == "__main__":
    main(sys.argv[1:])
