"""Vectors that must fail for what their status list says, or because nobody can tell: no list, a false one, a stale one."""

import gzip
import zlib

from issuer import (
    BADGE,
    BYTES_MAX,
    DAY,
    GONE,
    ISS,
    LIST,
    LIST_TOKEN_MAX,
    NOW,
    STATUS,
    STRANGER,
    b64,
    dumps,
    header_of,
    hmac_signed,
    list_claims,
    lst,
    mark,
    packed,
    status_list,
)


def values(v):
    def no(status, reason, name, why, idx=7, **rest):
        v.invalid(status, reason, name, why, mark({"status/status_list/idx": idx}), **rest)

    no("revoked", "revoked", "revoked", "the entry is INVALID", 8)
    no("suspended", "suspended", "suspended", "the entry is SUSPENDED", 9)
    no("unknown", "status-value", "value-3", "the entry is 3, which this profile does not define: not VALID", 10)
    no("revoked", "revoked", "revoked-last", "the last entry is INVALID", 1023, lists={LIST: status_list(data=packed({1023: 1}))})
    no(
        "revoked",
        "revoked",
        "revoked-order",
        "entries begin at the least significant bit; read the other way round this one is VALID",
        lists={LIST: status_list(data=packed({7: 1}))},
    )
    no(
        "revoked",
        "revoked",
        "revoked-1-bit",
        "one bit for each entry; read as two bits this entry is VALID",
        lists={LIST: status_list({"status_list/bits": 1}, packed({7: 1}, bits=1))},
    )
    no(
        "unknown",
        "status-value",
        "value-4-bits",
        "four bits, the value is 4: cut to two bits it is VALID",
        lists={LIST: status_list({"status_list/bits": 4}, packed({7: 4}, bits=4))},
    )
    no(
        "unknown",
        "status-value",
        "value-8-bits",
        "eight bits, the value is 128",
        lists={LIST: status_list({"status_list/bits": 8}, packed({7: 128}, bits=8))},
    )
    no("unknown", "status-index", "index-behind", "one place behind the last entry", 1024)
    no("unknown", "status-index", "index-far", "the largest 32-bit place", 2**32 - 1)
    no("unknown", "status-index", "index-empty-list", "a list without entries", lists={LIST: status_list(data=b"")})


def absent_or_foreign(v):
    def no(reason, name, why, lists):
        v.invalid("unknown", reason, name, why, mark(), lists=lists)

    no("status-not-read", "list-absent", "the list cannot be fetched: no answer is no yes", {})
    no(
        "status-not-read",
        "list-only-another",
        "only another list can be fetched",
        {f"{ISS}/status/2": status_list({"sub": f"{ISS}/status/2"})},
    )
    no(
        "status-sub",
        "list-foreign-sub",
        "a true list of this issuer, but not the one at this address",
        {LIST: status_list({"sub": f"{ISS}/status/2"})},
    )
    no("status-sub", "list-sub-slash", "the list's sub has a slash too much", {LIST: status_list({"sub": f"{LIST}/"})})
    no("claims", "list-sub-missing", "the list does not say where it belongs", {LIST: status_list({"sub": GONE})})
    no("claims", "list-sub-array", "sub is an array", {LIST: status_list({"sub": [LIST]})})
    no("issuer", "list-iss-other", "the list names another issuer", {LIST: status_list({"iss": "https://evil.example"})})
    no("claims", "list-iss-array", "the list names an array of issuers", {LIST: status_list({"iss": [ISS]})})
    no("claims", "list-iss-null", "the list's iss is null", {LIST: status_list({"iss": None})})
    no(
        "not-a-jwt",
        "list-web-page",
        "a page of somebody's proxy instead of the list",
        {LIST: "<html><body>Blocked</body></html>"},
    )
    no("not-a-jwt", "list-empty", "an empty answer", {LIST: ""})
    plain = dumps(list_claims())
    no("not-a-jwt", "list-unsigned", "the list's claims as plain JSON", {LIST: plain})
    no("typ", "attestation-as-list", "an attestation instead of the list", {LIST: mark()})


def forged(v):
    def no(reason, name, why, token):
        v.invalid("unknown", reason, name, why, mark(), lists={LIST: token})

    text = dumps(list_claims())
    no("typ", "list-typ-jwt", "the list's type is JWT", status_list(typ="JWT"))
    no("typ", "list-typ-missing", "the list has no type", STATUS.sign(dumps({"alg": "ES256", "kid": STATUS.kid}), text))
    no("key-purpose", "list-by-badge-key", "the badge key signs a list", status_list(key=BADGE))
    no("key-unknown", "list-by-stranger", "a stranger signs a list with his own key", status_list(key=STRANGER))
    no(
        "signature",
        "list-by-stranger-kid",
        "a stranger signs a list and names our key",
        status_list(key=STRANGER, kid=STATUS.kid),
    )
    no(
        "header-member",
        "list-jwk-header",
        "a stranger brings his key along",
        status_list(key=STRANGER, kid=STATUS.kid, jwk=STRANGER.jwk()),
    )
    unsigned = f"{b64(dumps({'typ': 'statuslist+jwt', 'alg': 'none', 'kid': STATUS.kid}))}.{b64(text)}."
    no("alg", "list-alg-none", "an unsecured list", unsigned)
    no(
        "alg",
        "list-hs256",
        "HS256 with the public key as the secret",
        hmac_signed(dumps({"typ": "statuslist+jwt", "alg": "HS256", "kid": STATUS.kid}), text, STATUS.pem()),
    )
    head, claims, signature = status_list().split(".")
    revoked = status_list(data=packed({7: 1})).rsplit(".", 1)[1]
    no("signature", "list-swapped", "the claims of one list under the signature of another", f"{head}.{claims}.{revoked}")
    no("not-base64url", "list-padding", "padding behind the list", f"{status_list()}==")
    no("not-base64url", "list-newline", "a line break behind the list: nothing is trimmed", f"{status_list()}\n")
    no(
        "claims",
        "list-twice-lst",
        "two lists in one token",
        STATUS.sign(header_of(STATUS, "statuslist+jwt"), text.replace('"bits":2', f'"lst":"{lst(packed({7: 1}))}","bits":2')),
    )
    no(
        "claims",
        "list-twice-bits",
        "two widths",
        STATUS.sign(header_of(STATUS, "statuslist+jwt"), text.replace('"bits":2', '"bits":8,"bits":2')),
    )
    no(
        "claims",
        "list-twice-sub",
        "two addresses",
        STATUS.sign(header_of(STATUS, "statuslist+jwt"), f'{{"sub":"{ISS}/status/2",' + text[1:]),
    )
    # Compressed it is small, so that the archive stays small.
    no(
        "too-large",
        "list-too-large",
        f"a list of more than {LIST_TOKEN_MAX} characters, right in every other way",
        status_list({"x": "gosbadge" * 50000}),
    )


def time(v):
    def no(reason, name, why, changes, **rest):
        v.invalid("unknown", reason, name, why, mark(), lists={LIST: status_list(changes)}, **rest)

    no("status-stale", "list-stale", "the list's exp is this very second", {"exp": NOW})
    no("status-stale", "list-stale-long", "yesterday's list", {}, now=NOW + 2 * DAY)
    no("status-not-yet-valid", "list-future", "the list is from 61 seconds ahead", {"iat": NOW + 61})
    no("claims", "list-exp-missing", "a list without end: the profile wants one", {"exp": GONE})
    no("claims", "list-exp-text", "the list's exp is a string", {"exp": str(NOW + DAY)})
    no("claims", "list-exp-null", "the list's exp is null", {"exp": None})
    no("claims", "list-iat-missing", "the list does not say when it was made", {"iat": GONE})
    no("status-lifetime", "list-iat-negative", "the list's iat is negative", {"iat": -5})
    no("status-lifetime", "list-exp-before-iat", "the list ends before it begins", {"iat": NOW + 50, "exp": NOW + 40})
    no("status-lifetime", "list-ttl-zero", "ttl is 0, it must be positive", {"ttl": 0})
    no("claims", "list-ttl-negative", "ttl is negative", {"ttl": -60})
    no("claims", "list-ttl-text", "ttl is a string", {"ttl": "60"})
    no("claims", "list-ttl-null", "ttl is null", {"ttl": None})


def bits(v):
    def no(reason, name, why, changes):
        v.invalid("unknown", reason, name, why, mark(), lists={LIST: status_list(changes)})

    no("status-bits", "bits-3", "three bits for each entry", {"status_list/bits": 3})
    no("status-bits", "bits-0", "no bits", {"status_list/bits": 0})
    no("status-bits", "bits-16", "sixteen bits", {"status_list/bits": 16})
    no("claims", "bits-text", "bits is a string", {"status_list/bits": "2"})
    no("claims", "bits-258", "bits is 258: cut to eight bits it is 2", {"status_list/bits": 258})
    no("claims", "bits-missing", "bits is missing", {"status_list/bits": GONE})
    no("claims", "list-body-missing", "no status_list", {"status_list": GONE})
    no("claims", "list-body-word", "status_list is a word", {"status_list": "active"})
    no("claims", "lst-missing", "no bits at all", {"status_list/lst": GONE})
    no("claims", "lst-array", "lst is an array of numbers", {"status_list/lst": [0, 0]})

    def bad(name, why, text):
        no("status-lst", name, why, {"status_list/lst": text})

    good = zlib.compress(packed(), 9)
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    bad("lst-empty", "lst is empty", "")
    bad("lst-padded", "lst with padding", b64(zlib.compress(packed() + b"\0", 9)) + "=")
    bad("lst-space", "white space in lst", lst(packed())[:10] + " " + lst(packed())[10:])
    bad("lst-stars", "lst is not base64url", "%%%")
    bad("lst-plain", "the bits without compression", b64(packed()))
    bad("lst-deflate", "raw DEFLATE without the ZLIB frame", b64(raw.compress(packed()) + raw.flush()))
    bad("lst-gzip", "GZIP, as the W3C list has it, instead of ZLIB", b64(gzip.compress(packed(), 9, mtime=0)))
    bad("lst-truncated", "the stream's last byte is missing", b64(good[:-1]))
    bad("lst-no-checksum", "the stream's checksum is missing", b64(good[:-4]))
    bad("lst-checksum", "the stream's checksum is wrong", b64(good[:-1] + bytes([good[-1] ^ 1])))
    bad("lst-trailing", "one byte behind the stream", b64(good + b"x"))
    bad("lst-second-stream", "a second stream behind the first", b64(good + zlib.compress(packed({7: 1}), 9)))
    preset = zlib.compressobj(9, zlib.DEFLATED, 15, 9, zlib.Z_DEFAULT_STRATEGY, packed())
    bad("lst-dictionary", "a stream that wants a preset dictionary", b64(preset.compress(packed()) + preset.flush()))
    bad("bomb-one-byte", "inflates to one byte more than 2^20 entries of two bits", lst(bytes(BYTES_MAX + 1)))
    bad("bomb", "16 KB that inflate to 16 MiB", lst(bytes(16 * 2**20)))


def add_to(v):
    values(v)
    absent_or_foreign(v)
    forged(v)
    time(v)
    bits(v)
