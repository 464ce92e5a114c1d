"""Vectors that must pass: a verifier that refuses one of them will refuse badges that are in force."""

import json
import zlib

from issuer import (
    BADGE,
    CLAIMS,
    DAY,
    GONE,
    ISS,
    ISSUED,
    K256,
    LIST,
    NOW,
    OLDER,
    ORDER,
    P384,
    STATUS,
    TOKEN_MAX,
    b64,
    changed,
    dumps,
    header_of,
    key_set,
    mark,
    mark_of,
    packed,
    status_list,
)


def high_s(token):
    message, signature = token.rsplit(".", 1)
    r, s = BADGE.numbers(message.encode())
    s = max(s, ORDER - s)
    return f"{message}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def low_s(token):
    message, signature = token.rsplit(".", 1)
    r, s = BADGE.numbers(message.encode())
    s = min(s, ORDER - s)
    return f"{message}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def of_length(length):
    """An attestation of exactly so many characters, by means of a claim nobody knows.

    Base64url has no text of 4n + 1 characters, so white space in the header makes up for that where it must."""
    for space in ("", " ", "  "):
        header = header_of(BADGE)[:-1] + space + "}"
        for pad in range(length * 3 // 4 - 3000, length * 3 // 4):
            size = len(b64(header)) + 1 + (len(dumps(CLAIMS | {"padding": ""}).encode()) + pad) * 4 // 3 + 1 + 86
            if abs(size - length) <= 2:
                token = BADGE.sign(header, dumps(CLAIMS | {"padding": "A" * pad}))
                if len(token) == length:
                    return token
    raise ValueError(length)


def add_to(v):
    good = mark()
    v.valid("plain", "an attestation as it is issued, asked about for its community", good)
    v.valid("no-community", "nothing to compare with: only what the attestation says of itself is checked", good, community=None)
    v.valid("low-s", "the smaller of the two values of s that hold", low_s(good))
    v.valid(
        "high-s", "the larger one: ES256 (RFC 7518 3.4) asks for neither, so a token's text is not its identity", high_s(good)
    )
    v.valid(
        "unknown-claims",
        "claims nobody knows are ignored (RFC 7519 4)",
        mark({"organization_name#en": "Kindergarten No. 12", "x": {"iss": 1, "y": [{"iss": 2}, {"iss": 3}]}}),
    )
    full = {
        "legal_entity/legal_person_short_name": "МБДОУ «Детский сад № 12»",
        "legal_entity/identifier": {
            "ogrn": "1029900000019",
            "inn": "9900000017",
            "kpp": "990001001",
            "oktmo": "99701000001",
            "okopf": "75403",
        },
        "legal_entity/branch": {"name": "Филиал", "kpp": "990001002"},
        "legal_entity/parent": {"legal_person_id": "NTRRU-1029900000020", "legal_person_name": "Управление образования"},
    }
    v.valid("every-member", "all optional members are there", mark(full))
    v.valid("no-screen-name", "an optional member is not there", mark({"community/screen_name": GONE}))
    v.valid(
        "escaped",
        "letters as \\uXXXX, astral characters as surrogate pairs",
        mark_of(json.dumps(changed(CLAIMS, {"community/name": "Ромашка \U0001f33c"}))),
    )
    v.valid(
        "spaced",
        "white space between the members, and the members in another order",
        mark_of(json.dumps(CLAIMS, ensure_ascii=False, indent=2, sort_keys=True)),
    )
    v.valid(
        "header-order",
        "the header's members in another order",
        BADGE.sign(dumps({"kid": BADGE.kid, "alg": "ES256", "typ": "trust-mark+jwt"}), dumps(CLAIMS)),
    )
    v.valid("nul-escaped", "a NUL inside a name, escaped, is a character like any other", mark({"organization_name": "a\u0000b"}))
    other = {
        "community/platform": "ok",
        "community/id": "5",
        "sub_id/identifiers/0/sub": "5",
        "sub_id/identifiers/0/iss": "https://ok.ru",
    }
    v.valid("other-platform", "a community of another platform", mark(other), community={"platform": "ok", "id": "5"})
    v.valid(
        "long-number",
        "20 digits, more than a 64-bit integer holds: the number is text",
        mark({"community/id": "9" * 20, "sub_id/identifiers/0/sub": "9" * 20}),
        community={"platform": "vk", "id": "9" * 20},
    )
    v.valid("largest", "an attestation of 16384 characters", of_length(TOKEN_MAX))

    v.valid(
        "last-second",
        "one second before exp; the list is fresh",
        good,
        now=ISSUED + 90 * DAY - 1,
        lists={LIST: status_list({"iat": ISSUED + 90 * DAY - 60, "exp": ISSUED + 91 * DAY})},
    )
    v.valid(
        "clock-behind", "iat 60 seconds ahead of the verifier's clock: clocks may differ by that much", mark({"iat": NOW + 60})
    )
    v.valid("not-before", "an nbf that has come (RFC 7519 4.1.5)", mark({"nbf": NOW}))
    v.valid("short-life", "an attestation of one hour and a bit", mark({"exp": NOW + 1}))

    v.valid("rotated", "signed with the older one of two badge keys", mark(key=OLDER), keys=key_set(BADGE, OLDER, STATUS))
    others = [
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "r"},
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "o", "purpose": "log"},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA", "kid": "m"},
    ]
    v.valid(
        "other-keys-beside",
        "keys of kinds nobody asked for stand in the key set and are passed over (RFC 7517 5)",
        good,
        keys=key_set(*others, P384, K256, BADGE, STATUS),
    )

    v.valid("index-0", "the first entry", mark({"status/status_list/idx": 0}))
    v.valid("index-last", "the last entry", mark({"status/status_list/idx": 1023}))
    v.valid("neighbours", "every other entry is INVALID", good, lists={LIST: status_list(data=packed({7: 0}, fill=1))})
    v.valid(
        "list-1-bit",
        "one bit for each entry",
        good,
        lists={LIST: status_list({"status_list/bits": 1}, packed({6: 1, 8: 1}, bits=1))},
    )
    v.valid(
        "list-4-bits",
        "four bits for each entry",
        good,
        lists={LIST: status_list({"status_list/bits": 4}, packed({6: 15, 8: 15}, bits=4))},
    )
    v.valid(
        "list-8-bits",
        "eight bits for each entry",
        good,
        lists={LIST: status_list({"status_list/bits": 8}, packed({6: 255, 8: 255}, bits=8))},
    )
    largest = bytes(range(1, 256)) * 1028 + b"\xff" * 4
    largest = largest[: 2**18 - 1] + b"\x3f"
    v.valid(
        "list-largest",
        "2^20 entries; the last one is VALID",
        mark({"status/status_list/idx": 2**20 - 1}),
        lists={LIST: status_list(data=largest)},
    )
    v.valid(
        "list-bare",
        "a list without the members that are optional, iss and ttl",
        good,
        lists={LIST: status_list({"iss": GONE, "ttl": GONE})},
    )
    v.valid(
        "list-aggregation",
        "a list with aggregation_uri and members nobody knows",
        good,
        lists={LIST: status_list({"status_list/aggregation_uri": f"{ISS}/status", "x": 1})},
    )
    v.valid(
        "list-stored",
        "a ZLIB stream that is not compressed",
        good,
        lists={LIST: status_list({"status_list/lst": b64(zlib.compress(packed(), 0))})},
    )
    v.valid("list-clock-behind", "the list's iat 60 seconds ahead", good, lists={LIST: status_list({"iat": NOW + 60})})
    v.valid("list-last-second", "one second before the list's exp", good, lists={LIST: status_list({"exp": NOW + 1})})
    v.valid(
        "list-elsewhere-too",
        "other lists are there and say other things",
        good,
        lists={LIST: status_list(), f"{ISS}/status/2": status_list({"sub": f"{ISS}/status/2"}, packed({}, fill=1))},
    )
