"""Vectors that must fail although the issuer signed them: claims out of form, time, community, JSON that two readers read twice."""

from issuer import CLAIMS, DAY, GONE, ISS, ISSUED, LIST, NOW, dumps, mark, mark_of, status_list

LONE = '"\\ud800"'


def form(v):
    def no(reason, name, why, changes, **rest):
        v.invalid("malformed", reason, name, why, mark(changes), **rest)

    no("claims", "iss-array", "an array in which the right issuer stands", {"iss": [ISS]})
    no("claims", "iss-missing", "no issuer", {"iss": GONE})
    no("claims", "iss-null", "the issuer is null", {"iss": None})
    no("claims", "iss-object", "the issuer is an object", {"iss": {ISS: 1}})
    for name, iss in {
        "iss-other": "https://evil.example",
        "iss-slash": f"{ISS}/",
        "iss-prefix": f"{ISS}.evil.example",
        "iss-suffix": f"https://evil.example/{ISS}",
        "iss-part": ISS[:-1],
        "iss-case": "https://BADGE.example.ru",
        "iss-http": ISS.replace("https", "http"),
        "iss-port": f"{ISS}:443",
        "iss-space": f"{ISS} ",
        "iss-nul": f"{ISS}\u0000",
        "iss-empty": "",
    }.items():
        v.invalid("wrong_issuer", "issuer", name, f"the issuer is {iss!r}: names are compared byte for byte", mark({"iss": iss}))

    no("claims", "sub-missing", "no subject", {"sub": GONE})
    no("claims", "sub-number", "the subject is a number", {"sub": 7})
    for name, sub in {
        "sub-elsewhere": "https://evil.example/c/01KAR4T7Q2M9XVB3H5NDW8YJZE",
        "sub-prefix": f"{ISS}.evil.example/c/01KAR4T7Q2M9XVB3H5NDW8YJZE",
        "sub-not-an-id": f"{ISS}/c/ds12_primersk",
        "sub-deeper": f"{ISS}/c/01KAR4T7Q2M9XVB3H5NDW8YJZE/x",
        "sub-is-issuer": ISS,
    }.items():
        no("sub", name, f"the subject is {sub}, not a community under the issuer's address", {"sub": sub})

    no(
        "sub-id",
        "sub-id-number",
        "sub_id names another community than community.id does (RFC 9493 3)",
        {"sub_id/identifiers/0/sub": "218000002"},
    )
    no(
        "sub-id",
        "sub-id-uri",
        "sub_id has another address than community.uri",
        {"sub_id/identifiers/1/uri": "https://vk.com/club218000002"},
    )
    third = CLAIMS["sub_id"]["identifiers"] + [{"format": "iss_sub", "iss": "https://vk.com", "sub": "218000002"}]
    no("sub-id", "sub-id-third", "a third identifier contradicts the first", {"sub_id/identifiers": third})
    no("sub-id", "sub-id-empty", "sub_id has no identifiers", {"sub_id/identifiers": []})
    no("sub-id", "sub-id-format", "sub_id is of another format", {"sub_id/format": "opaque"})
    no("claims", "sub-id-missing", "no sub_id", {"sub_id": GONE})

    no(
        "trust-mark-type",
        "type-other",
        "another kind of trust mark of this issuer",
        {"trust_mark_type": f"{ISS}/tm/official-community/v2"},
    )
    no(
        "trust-mark-type",
        "type-elsewhere",
        "somebody else's kind of trust mark",
        {"trust_mark_type": "https://evil.example/tm/official-community/v1"},
    )
    no(
        "trust-mark-type",
        "type-longer",
        "a kind of trust mark that begins like ours",
        {"trust_mark_type": f"{ISS}/tm/official-community/v10"},
    )
    no("claims", "type-array", "an array of kinds", {"trust_mark_type": [f"{ISS}/tm/official-community/v1"]})
    no(
        "claims",
        "type-old-name",
        "trust_mark_id, as before draft 43, instead of trust_mark_type",
        {"trust_mark_type": GONE, "trust_mark_id": f"{ISS}/tm/official-community/v1"},
    )

    no("claims", "community-missing", "no community", {"community": GONE})
    no("claims", "community-number", "the community's number as a JSON number", {"community/id": 218000001})
    no("claims", "community-zero", "a leading zero", {"community/id": "0218000001", "sub_id/identifiers/0/sub": "0218000001"})
    no(
        "claims",
        "community-name",
        "a screen name instead of the number",
        {"community/id": "ds12_primersk", "sub_id/identifiers/0/sub": "ds12_primersk"},
    )
    no("claims", "community-list", "an array of numbers", {"community/id": ["218000001"]})
    no(
        "legal-person-id",
        "legal-person",
        "legal_person_id and ogrn name two bodies",
        {"legal_entity/identifier/ogrn": "1029900000020"},
    )
    no("claims", "legal-entity-missing", "no legal entity", {"legal_entity": GONE})
    no("claims", "assurance-missing", "nothing about what was checked", {"assurance": GONE})


def time(v):
    def no(name, why, changes, reason="claims", **rest):
        v.invalid("malformed", reason, name, why, mark(changes), **rest)

    for claim in ("exp", "iat"):
        no(f"{claim}-missing", f"no {claim}", {claim: GONE})
        no(f"{claim}-null", f"{claim} is null: not the same as not there (CVE-2026-25537)", {claim: None})
        no(f"{claim}-text", f"{claim} is a number in a string (CVE-2026-25537)", {claim: str(CLAIMS[claim])})
        no(f"{claim}-half", f"{claim} has a half second", {claim: CLAIMS[claim] + 0.5})
        no(f"{claim}-true", f"{claim} is true", {claim: True})
    no("exp-array", "exp in an array", {"exp": [CLAIMS["exp"]]})
    no("exp-object", "exp in an object", {"exp": {"$numberLong": str(CLAIMS["exp"])}})
    no("exp-huge", "exp is 1e300", {"exp": 1e300})
    no("exp-65-bits", "exp is 2^64 + iat: cut to 64 bits it is another number", {"exp": 2**64 + CLAIMS["exp"]})
    no("exp-max", "exp is the largest 64-bit integer", {"exp": 2**63 - 1}, "lifetime")
    no("exp-negative", "exp is negative", {"exp": -1}, "lifetime")
    no("exp-zero", "exp is 0, which some read as never", {"exp": 0}, "lifetime")
    no("exp-before-iat", "exp before iat", {"exp": ISSUED - 1}, "lifetime")
    no("life-91-days", "91 days of life", {"exp": ISSUED + 91 * DAY}, "lifetime")
    no("life-years", "ten years of life", {"exp": ISSUED + 3650 * DAY}, "lifetime")
    no("iat-negative", "iat is negative", {"iat": -1, "exp": 90 * DAY}, "lifetime")
    no("exp-milliseconds", "exp in milliseconds", {"exp": CLAIMS["exp"] * 1000}, "lifetime")
    no("nbf-text", "nbf is a number in a string", {"nbf": str(ISSUED)})
    no("nbf-null", "nbf is null", {"nbf": None})

    fresh = {LIST: status_list({"iat": ISSUED + 90 * DAY - 60, "exp": ISSUED + 91 * DAY})}
    v.invalid(
        "expired",
        "expired",
        "expired",
        "exp is this very second (RFC 7519 4.1.4: on or after)",
        mark(),
        now=ISSUED + 90 * DAY,
        lists=fresh,
    )
    v.invalid(
        "expired",
        "expired",
        "expired-a-second-ago",
        "one second after exp; ends get no leeway",
        mark(),
        now=ISSUED + 90 * DAY + 1,
        lists=fresh,
    )
    v.invalid(
        "expired",
        "expired",
        "expired-long-ago",
        "a year after",
        mark(),
        now=ISSUED + 455 * DAY,
        lists={LIST: status_list({"iat": ISSUED + 455 * DAY - 5, "exp": ISSUED + 456 * DAY})},
    )
    revoked = status_list(data=b"\x55" * 256)
    v.invalid(
        "expired",
        "expired",
        "expired-and-revoked",
        "run out, and revoked before that",
        mark({"exp": NOW - 1}),
        lists={LIST: revoked},
    )
    v.invalid("not_yet_valid", "not-yet-valid", "future", "issued 61 seconds ahead of the clock", mark({"iat": NOW + 61}))
    v.invalid("not_yet_valid", "not-yet-valid", "future-far", "issued tomorrow", mark({"iat": NOW + DAY}))
    v.invalid("not_yet_valid", "not-yet-valid", "not-before-future", "nbf is tomorrow (RFC 7519 4.1.5)", mark({"nbf": NOW + DAY}))


def community(v):
    def no(name, why, asked):
        v.invalid("wrong_community", "community", name, why, mark(), community=asked)

    no("community-other", "a true attestation, copied to another community", {"platform": "vk", "id": "218000002"})
    no("community-other-platform", "the same number on another platform", {"platform": "ok", "id": "218000001"})
    no("community-longer", "the number begins the same", {"platform": "vk", "id": "2180000010"})
    no("community-shorter", "the number is the beginning of the right one", {"platform": "vk", "id": "21800000"})


def place(v):
    def no(name, why, changes, reason="claims"):
        v.invalid("malformed", reason, name, why, mark(changes))

    no("status-missing", "no status: nobody could take such a badge back", {"status": GONE})
    no("status-null", "status is null", {"status": None})
    no("status-word", "status is a word, as in a trust mark status answer", {"status": "active"})
    no("status-list-missing", "status without a status list", {"status": {"other": 1}})
    no("idx-missing", "no place in the list", {"status/status_list/idx": GONE})
    no("idx-text", "the place is a number in a string", {"status/status_list/idx": "7"})
    no("idx-negative", "the place is -1, which some arrays answer to", {"status/status_list/idx": -1})
    no("idx-half", "the place is 7.5", {"status/status_list/idx": 7.5})
    no("idx-33-bits", "the place is 2^32 + 7: cut to 32 bits it is 7", {"status/status_list/idx": 2**32 + 7})
    no("idx-true", "the place is true", {"status/status_list/idx": True})
    no("idx-array", "the place in an array", {"status/status_list/idx": [7]})
    no("uri-missing", "no address of the list", {"status/status_list/uri": GONE})
    for name, uri in {
        "uri-elsewhere": "https://evil.example/status/1",
        "uri-prefix": f"{ISS}.evil.example/status/1",
        "uri-user": f"{ISS}@evil.example/status/1",
        "uri-http": LIST.replace("https", "http"),
        "uri-climbs": f"{ISS}/status/../evil/1",
        "uri-query": f"{LIST}?time=1",
        "uri-fragment": f"{LIST}#1",
        "uri-no-number": f"{ISS}/status/",
        "uri-file": "file:///etc/passwd",
    }.items():
        # A list that says what is wanted is there: the address must not be asked.
        token = mark({"status/status_list/uri": uri})
        v.invalid(
            "malformed", "status-uri", name, f"the list is said to be at {uri}", token, lists={uri: status_list({"sub": uri})}
        )


def twice(v):
    text = dumps(CLAIMS)

    def no(name, why, payload):
        v.invalid("malformed", "claims", name, why, mark_of(payload))

    no(
        "twice-iss",
        "two issuers: one reader takes the first, one the last (RFC 7519 4)",
        '{"iss":"https://evil.example",' + text[1:],
    )
    no("twice-iss-equal", "the issuer twice, the same both times", f'{{"iss":"{ISS}",' + text[1:])
    no("twice-iss-escaped", "two issuers, one member spelt with an escape", '{"\\u0069ss":"https://evil.example",' + text[1:])
    no("twice-exp", "two ends", text[:-1] + f',"exp":{ISSUED + 90 * DAY + 1}}}')
    no("twice-idx", "two places in the list: revoked under one of them", text.replace('"idx":7', '"idx":8,"idx":7'))
    no("twice-uri", "two addresses of the list", text.replace('"idx":7', '"uri":"https://evil.example/status/1","idx":7'))
    no("twice-community", "two numbers of the community", text.replace('"platform":"vk"', '"platform":"vk","id":"218000002"'))
    no("twice-status", "two status members", text[:-1] + ',"status":{"status_list":{"idx":0,"uri":"' + LIST + '"}}}')
    no("twice-unknown", "a member nobody knows, twice", '{"x":1,"x":1,' + text[1:])
    no("twice-deep", "a member twice in an object in an array nobody knows", '{"x":[{"y":[{"a":1,"b":2,"a":3}]}],' + text[1:])
    no("twice-prototype", "__proto__ twice", '{"__proto__":1,"__proto__":1,' + text[1:])
    no("twice-spaced", "a member twice, with white space before the colon", '{"iss" : "https://evil.example",' + text[1:])


def json_text(v):
    text = dumps(CLAIMS)

    def no(name, why, payload):
        v.invalid("malformed", "claims", name, why, mark_of(payload))

    no("json-nothing", "no claims", "")
    no("json-null", "the claims are null", "null")
    no("json-array", "the claims in an array", f"[{text}]")
    no("json-values", "the values of the claims in their order, without names", dumps(list(CLAIMS.values())))
    no("json-string", "the claims as a string", dumps(text))
    no("json-empty", "no claim in the claim set", "{}")
    no("json-not-utf8", "a byte that is not UTF-8 in a name", text.encode().replace("Ромашка".encode(), b"\xff"))
    no("json-overlong", "a quotation mark written in two bytes", text.encode().replace("Ромашка".encode(), b"\xc0\xa2"))
    no("json-surrogate-bytes", "half of a surrogate pair as UTF-8", text.encode().replace("Ромашка".encode(), b"\xed\xa0\x80"))
    no("json-surrogate", "half of a surrogate pair as an escape: no text (RFC 8259 8.2)", f'{{"x":{LONE},' + text[1:])
    no("json-utf16", "the claims in UTF-16", text.encode("utf-16-le"))
    no("json-bom", "a byte order mark (RFC 8259 8.1)", "\ufeff" + text)
    no("json-nul", "a raw NUL in a name", text.replace("Ромашка", "Ром\u0000ашка"))
    no("json-newline", "a raw line break in a name", text.replace("Ромашка", "Ром\nашка"))
    no("json-trailing", "something follows the claims", text + "{}")
    no("json-trailing-nul", "a NUL follows the claims", text + "\u0000")
    no("json-comma", "a comma before the last brace", text[:-1] + ",}")
    no("json-comment", "a comment", "{/* */" + text[1:])
    no("json-single-quotes", "single quotation marks", "{'x':1," + text[1:])
    no("json-nan", "NaN is no JSON", '{"x":NaN,' + text[1:])
    no("json-infinity", "-Infinity is no JSON", '{"x":-Infinity,' + text[1:])
    no("json-leading-zero", "a number with a leading zero", text.replace('"idx":7', '"idx":07'))
    no("json-hex", "a hexadecimal number", text.replace('"idx":7', '"idx":0x7'))
    no("json-plus", "a number with a plus sign", text.replace('"idx":7', '"idx":+7'))
    no("json-open", "the last brace is missing", text[:-1])
    no("json-deep", "1000 arrays inside each other", '{"x":' + "[" * 1000 + "]" * 1000 + "," + text[1:])
    no("json-deep-open", "4000 brackets that nobody closes", '{"x":' + "[" * 4000)


def add_to(v):
    form(v)
    time(v)
    community(v)
    place(v)
    twice(v)
    json_text(v)
