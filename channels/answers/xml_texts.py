"""The texts of a small XML document from an untrusted source."""

from xml.parsers import expat


def texts(document: bytes) -> dict[str, str]:
    """Return the first text of each element by its local name; empty where the input is not XML.

    A document type is refused: entities in it could grow without limit or read files.
    """
    found: dict[str, str] = {}
    path: list[str] = []

    def begin(name: str, _: object) -> None:
        local = name.rpartition(":")[2]
        path.append("" if local in found else local)
        found.setdefault(local, "")

    def text(data: str) -> None:
        if path[-1]:
            found[path[-1]] += data

    def refuse(*_: object) -> None:
        raise ValueError("a document type")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = begin, lambda _: path.pop()
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, refuse
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError):
        return {}
    return {name: value.strip() for name, value in found.items()}
