"""How mails from Markdown look: inline styles, because many mail programs drop style sheets.

Programs that read the style sheet show its colours in the dark; those that don't, such as Gmail, darken the light ones.
"""

FONTS = "system-ui,-apple-system,'Segoe UI',Roboto,'PingFang SC','Microsoft YaHei',sans-serif"
MONO = "ui-monospace,Menlo,Consolas,monospace"
INK, SOFT, LINE, GROUND, CARD = "#1b1f24", "#5b6470", "#e3e6ea", "#f4f5f7", "#ffffff"
DARK_INK, DARK_SOFT, DARK_LINE, DARK_GROUND, DARK_CARD = "#e7ebf1", "#a0abba", "#2b323d", "#12151a", "#1a1f27"

_PARAGRAPH = "margin:0 0 16px;font-size:15px;line-height:1.6"
BLOCKS = {
    "h1": "margin:0 0 16px;font-size:22px;line-height:1.3;font-weight:600",
    "h2": "margin:24px 0 12px;font-size:18px;line-height:1.3;font-weight:600",
    "h3": "margin:20px 0 8px;font-size:15px;line-height:1.4;font-weight:600",
    "p": f"{_PARAGRAPH};white-space:pre-line",
    "ul": f"{_PARAGRAPH};padding-left:24px",
    "ol": f"{_PARAGRAPH};padding-left:24px",
    "li": "margin:0 0 6px",
    "blockquote": f"margin:0 0 16px;padding:2px 0 2px 14px;border-left:3px solid {LINE};color:{SOFT}",
    "hr": f"margin:24px 0;border:0;border-top:1px solid {LINE}",
    "pre": f"margin:0 0 16px;padding:12px 14px;font-size:13px;line-height:1.5;font-family:{MONO};white-space:pre-wrap;"
    f"background:{GROUND};border-radius:8px",
    "code": f"padding:1px 5px;font-size:14px;font-family:{MONO};background:{GROUND};border-radius:4px",
}
HIGHLIGHT = (
    f"margin:0 0 16px;padding:16px 8px;text-align:center;font-size:32px;letter-spacing:6px;font-weight:600;"
    f"font-family:{MONO};background:{GROUND};border-radius:8px;overflow-wrap:anywhere"
)
BUTTON = "display:inline-block;padding:12px 22px;font-size:15px;font-weight:600;text-decoration:none;border-radius:8px"
SHADED = {"pre", "code"}
"""Elements with a ground of their own, which the dark style sheet changes by its class."""
