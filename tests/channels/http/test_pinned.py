import ipaddress
import socket
import time

import pytest

from channels.http import pinned
from channels.http.pinned import NotPosted, NotPublic, Pools, Rules, post
from channels.sockets import trust
from domain.web_addresses import parse
from tests.servers.http import DROP, Answer, HttpGatewayServer

ANYWHERE, PUBLIC = Rules(allows_private=True, seconds=5), Rules(seconds=5)
ALSO_PRIVATE = [
    *("http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest/meta-data", "http://10.0.0.1/"),
    *("http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://100.64.1.1/", "http://0.0.0.0/"),
]


def leads_to(*texts):
    looked = []

    def resolve(host, port):
        looked.append((host, port))
        return [ipaddress.ip_address(text) for text in texts]

    resolve.looked = looked
    return resolve


def test_a_post_goes_to_the_address_that_was_checked_with_the_name_as_host(server):
    resolve = leads_to("127.0.0.1")
    answer = post(parse(f"http://hooks.test:{server.port}/a?b"), b"{}", {"X-A": "1"}, ANYWHERE, resolve)
    (call,) = server.calls
    assert answer.status == 200
    assert (call.method, call.target, call.headers["host"]) == ("POST", "/a?b", f"hooks.test:{server.port}")
    assert call.headers["x-a"] == "1"
    assert resolve.looked == [("hooks.test", server.port)], "looked up once"


@pytest.mark.parametrize("url", ALSO_PRIVATE)
def test_an_address_that_is_not_public_is_never_called(url):
    with pytest.raises(NotPublic):
        post(parse(url), b"", {}, PUBLIC)


def test_a_name_that_leads_to_a_private_address_is_never_called(server):
    with pytest.raises(NotPublic):
        post(parse(f"http://hooks.test:{server.port}/"), b"", {}, PUBLIC, leads_to("127.0.0.1"))
    with pytest.raises(NotPublic):
        post(parse(f"http://hooks.test:{server.port}/"), b"", {}, PUBLIC, leads_to("8.8.8.8", "127.0.0.1"))
    with pytest.raises(NotPublic):
        post(parse(f"http://localhost:{server.port}/"), b"", {}, PUBLIC)
    assert server.calls == []


def test_a_name_that_changes_its_address_is_judged_each_time(server):
    """DNS rebinding: the first look-up is public, the next one is not."""
    found = iter([["8.8.8.8"], ["127.0.0.1"]])
    to = parse(f"http://hooks.test:{server.port}/")

    def resolve(host, port):
        return [ipaddress.ip_address(text) for text in next(found)]

    assert pinned.addresses(to, PUBLIC, resolve)
    with pytest.raises(NotPublic):
        post(to, b"", {}, PUBLIC, resolve)
    assert server.calls == []


def test_no_second_look_up_is_made(server, monkeypatch):
    def refuse(host, *_, **__):
        assert host == "127.0.0.1", "only the address itself"
        return real(host, *_, **__)

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    post(parse(f"http://hooks.test:{server.port}/"), b"", {}, ANYWHERE, leads_to("127.0.0.1"))
    assert len(server.calls) == 1


def test_a_name_without_an_address_is_no_answer():
    with pytest.raises(NotPosted, match="no address"):
        post(parse("http://hooks.test/"), b"", {}, ANYWHERE, leads_to())


def test_a_redirect_is_an_answer_and_is_not_followed(server):
    server.usual = Answer(302, "", headers={"Location": "http://127.0.0.1:1/"})
    assert post(parse(server.url), b"", {}, ANYWHERE).status == 302
    assert len(server.calls) == 1


def test_settings_for_proxies_are_ignored(server, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert post(parse(server.url), b"", {}, ANYWHERE).status == 200


def test_a_receiver_that_hangs_ends_in_time(server):
    server.usual = Answer(None)
    began = time.monotonic()
    with pytest.raises(NotPosted, match="in time"):
        post(parse(server.url), b"{}", {}, Rules(allows_private=True, seconds=1))
    assert time.monotonic() - began < 20  # it would take minutes


def test_a_receiver_that_drips_ends_in_time(server):
    server.usual = Answer(200, "x" * 1000, drip=0.2)
    began = time.monotonic()
    with pytest.raises(NotPosted, match="in time"):
        post(parse(server.url), b"{}", {}, Rules(allows_private=True, seconds=1))
    assert time.monotonic() - began < 20  # it would take minutes


def test_a_refused_connection_names_no_url():
    with pytest.raises(NotPosted) as refused:
        post(parse("http://127.0.0.1:9/secret-path"), b"", {}, ANYWHERE)
    assert "secret" not in str(refused.value)


def test_the_certificate_must_be_of_the_name(authority, monkeypatch):
    trusted = trust(authority.file)
    monkeypatch.setattr(pinned, "trust", lambda protocol: trusted)
    with HttpGatewayServer(tls=authority.server_context("hooks.test")) as server:
        url = f"https://hooks.test:{server.port}/"
        assert post(parse(url), b"", {}, ANYWHERE, leads_to("127.0.0.1")).status == 200
        assert server.calls[0].headers["host"] == f"hooks.test:{server.port}"
        with pytest.raises(NotPosted, match="TLS"):
            post(parse(url.replace("hooks", "other")), b"", {}, ANYWHERE, leads_to("127.0.0.1"))
        monkeypatch.undo()
        with pytest.raises(NotPosted, match="TLS"):
            post(parse(url), b"", {}, ANYWHERE, leads_to("127.0.0.1"))
    assert len(server.calls) == 1


def test_a_kept_connection_is_used_again_and_only_to_the_address_that_was_checked(server):
    pools, to = Pools(), parse(f"http://hooks.test:{server.port}/")
    for _ in range(3):
        assert post(to, b"{}", {}, ANYWHERE, leads_to("127.0.0.1"), pools).status == 200
    assert {call.connection for call in server.calls} == {1}
    with pytest.raises(NotPosted):
        post(to, b"{}", {}, ANYWHERE, leads_to("127.0.0.2"), pools)
    with pytest.raises(NotPublic):
        post(to, b"{}", {}, PUBLIC, leads_to("127.0.0.1"), pools)
    assert len(server.calls) == 3


def test_a_kept_connection_that_was_closed_meanwhile_is_opened_again(server):
    pools, to = Pools(), parse(server.url)
    assert post(to, b"{}", {}, ANYWHERE, pools=pools).status == 200
    server.script(DROP)
    assert post(to, b"{}", {}, ANYWHERE, pools=pools).status == 200
    assert [call.connection for call in server.calls] == [1, 1, 2]
    server.script(DROP)
    fresh = Pools()
    with pytest.raises(NotPosted):
        post(to, b"{}", {}, ANYWHERE, pools=fresh)


def test_connections_to_many_receivers_are_closed_in_turn(server):
    pools = Pools(most=1)
    first, second = parse(server.url), parse(server.url.replace("/sms", "/other"))
    assert pools.to("127.0.0.1", first) is pools.to("127.0.0.1", second), "the same server"
    other = pools.to("127.0.0.2", first)
    assert pools.to("127.0.0.2", first) is other
    assert pools.to("127.0.0.1", first) is not other
