"""The proxies' files: valid, and letting through what the web process takes."""

import re
from pathlib import Path

import trustme
from flask import Flask

from tests.deploy.files import CADDY, NGINX, TEMPORARY, run, tool

BYTES = {"k": 1024, "m": 1024**2, "KiB": 1024, "MiB": 1024**2}


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    nginx = tool("nginx")
    certificate = trustme.CA().issue_cert("codes.example.com")
    certificate.private_key_pem.write_to_path(tmp_path / "privkey.pem")
    for part in certificate.cert_chain_pems:
        part.write_to_path(tmp_path / "fullchain.pem", append=True)
    ours = NGINX.read_text(encoding="utf-8").replace("/etc/ssl/sendcode", str(tmp_path))
    temporary = "".join(f"{kind}_temp_path {tmp_path / kind};\n" for kind in TEMPORARY)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path / 'pid'};\nerror_log stderr;\nevents {{}}\nhttp {{\n{temporary}{ours}\n}}\n"
    )
    done = run(nginx, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf")
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr


def test_caddy_takes_its_file() -> None:
    done = run(tool("caddy"), "validate", "--adapter=caddyfile", f"--config={CADDY}")
    assert done.returncode == 0, done.stderr
    assert run(tool("caddy"), "fmt", CADDY).stdout == CADDY.read_text(encoding="utf-8")


def test_no_body_that_the_web_process_takes_is_refused(app: Flask) -> None:
    sizes = {
        NGINX: re.findall(r"client_max_body_size (\d+)(\w)", NGINX.read_text(encoding="utf-8")),
        CADDY: re.findall(r"max_size (\d+)(\w+)", CADDY.read_text(encoding="utf-8")),
    }
    for found in sizes.values():
        usual, longer = sorted(int(number) * BYTES[unit] for number, unit in found)
        assert usual == app.config["MAX_CONTENT_LENGTH"]
        assert longer >= max(app.config["LONGER_BODIES"].values())
    paths = re.search(r"location ~ \^/\((\S+)\) \{", NGINX.read_text(encoding="utf-8"))
    assert paths
    longer = tuple(f"/{path}" for path in paths[1].split("|"))
    assert all(path.startswith(longer) for path in app.config["LONGER_BODIES"])
    assert all(f"{path}*" in CADDY.read_text(encoding="utf-8") for path in longer)


def test_no_proxy_logs_paths_or_shows_the_counts() -> None:
    nginx = NGINX.read_text(encoding="utf-8")
    assert re.findall(r"^\s*access_log (.*?);", nginx, re.MULTILINE) == ["off"]
    assert "location = /metrics {\n        allow 127.0.0.1;\n        allow ::1;\n        deny all;" in nginx
    caddy = CADDY.read_text(encoding="utf-8")
    assert not re.search(r"^\s*log\b", caddy, re.MULTILINE)
    assert "respond /metrics 404" in caddy
