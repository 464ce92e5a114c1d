"""Makes ../vectors.json and ../large/, the same bytes each time. Needs PyPI `cryptography`.

Usage: python make.py           writes the files
       python make.py --check   ends with status 1 where a file differs from what would be written
"""

import json
import pathlib
import sys

import claims
import envelope
import good
import key_sets
import lists
import places
from issuer import BADGE, ISS, LIST, NOW, STATUS, VK, key_set, status_list

HERE = pathlib.Path(__file__).resolve().parent.parent
#: Longer tokens stand in files of their own.
INLINE_MAX = 64 * 1024


class Vectors:
    def __init__(self):
        self.key_sets = {"issuer": key_set(BADGE, STATUS)}
        self.status_lists = {"usual": status_list()}
        self.vectors = []

    def _name(self, table, name, text):
        """Puts a key set or list under the vector's name, unless it stands there under another one."""
        for known, other in table.items():
            if other == text:
                return known
        assert name not in table, name
        table[name] = text
        return name

    def add(self, expect, name, why, token, keys=None, lists=None, now=NOW, community=VK):
        assert all(v["name"] != name for v in self.vectors), name
        lists = {LIST: status_list()} if lists is None else lists
        self.vectors.append(
            {
                "name": name,
                "why": why,
                "now": now,
                "issuer": ISS,
                "jwks": self._name(self.key_sets, name, keys) if keys is not None else "issuer",
                "token": token,
                "status_lists": {uri: self._name(self.status_lists, name, text) for uri, text in lists.items()},
                "community": community,
                "expect": expect,
            }
        )

    def valid(self, name, why, token, **rest):
        self.add({"verdict": "valid", "status": "active", "reason": None}, name, why, token, **rest)

    def invalid(self, status, reason, name, why, token, **rest):
        self.add({"verdict": "invalid", "status": status, "reason": reason}, name, why, token, **rest)

    def files(self):
        """What is written where."""
        large = {}
        named = {}
        for name, token in self.status_lists.items():
            if len(token) > INLINE_MAX:
                large[f"large/{name}.jwt"] = token
                named[name] = {"file": f"large/{name}.jwt"}
            else:
                named[name] = {"token": token}
        large["large/places.json"] = json.dumps(places.document(), separators=(",", ":")) + "\n"
        verdicts = [v["expect"]["verdict"] for v in self.vectors]
        document = {
            "about": "Attestations and what a verifier must say about them; see README.md.",
            "counts": {"valid": verdicts.count("valid"), "invalid": verdicts.count("invalid")},
            "key_sets": self.key_sets,
            "status_lists": named,
            "vectors": self.vectors,
        }
        # ASCII only: some vectors live from characters that editors and diffs do not show.
        return {"vectors.json": json.dumps(document, indent=1) + "\n", **large}


def main():
    vectors = Vectors()
    for chapter in (good, envelope, claims, lists, key_sets):
        chapter.add_to(vectors)
    files = vectors.files()
    if sys.argv[1:] == ["--check"]:
        there = {f"large/{p.name}" for p in (HERE / "large").iterdir()} | {"vectors.json"}
        wrong = [n for n, text in files.items() if n not in there or (HERE / n).read_text(encoding="ascii") != text]
        wrong += sorted(there - files.keys())
        print("different: " + ", ".join(wrong) if wrong else f"{len(vectors.vectors)} vectors are what make.py writes")
        return 1 if wrong else 0
    (HERE / "large").mkdir(exist_ok=True)
    for name, text in files.items():
        (HERE / name).write_text(text, encoding="ascii", newline="\n")
    print(json.loads(files["vectors.json"])["counts"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
