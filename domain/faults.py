"""Tell where something broke without its text: an exception's text may hold a code or a destination."""

import traceback


def place(error: BaseException) -> str:
    """Return the type of an error and the lines it passed through, innermost last."""
    frames = traceback.extract_tb(error.__traceback__)
    path = " > ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames)
    return f"{type(error).__name__} at {path}"
