"""Takes the test vectors apart into seeds for each target. Usage: python3 seeds.py <tests/vectors> <corpus>"""

import base64
import hashlib
import json
import pathlib
import sys


def decoded(text):
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None


def claims(token):
    parts = token.split(".")
    return decoded(parts[1]) if len(parts) == 3 else None


def main():
    vectors, corpus = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    document = json.loads((vectors / "vectors.json").read_text(encoding="ascii"))
    tokens = [vector["token"] for vector in document["vectors"]]
    lists = [entry["token"] for entry in document["status_lists"].values() if "token" in entry]
    streams = []
    for payload in map(claims, lists):
        try:
            streams.append(decoded(json.loads(payload)["status_list"]["lst"]))
        except (ValueError, TypeError, KeyError, AttributeError):
            pass
    seeds = {
        "token": [token.encode() for token in tokens + lists],
        "claims": [claims(token) for token in tokens],
        "status_list": [claims(token) for token in lists],
        "inflate": streams,
        "jwks": [text.encode() for text in document["key_sets"].values()],
    }
    for target, texts in seeds.items():
        folder = corpus / target
        folder.mkdir(parents=True, exist_ok=True)
        for text in texts:
            if text is not None and len(text) <= 32768:
                (folder / hashlib.sha256(text).hexdigest()[:16]).write_bytes(text)


if __name__ == "__main__":
    main()
