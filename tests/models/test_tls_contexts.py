import os
import ssl

import pytest
import trustme
from pymysql.connections import Connection
from sqlalchemy import create_engine

from models import engine, tls_contexts
from tests.databases import database_of


@pytest.fixture
def authorities(monkeypatch):
    """A list with an entry for each time that authorities were read."""
    read = []
    create = ssl.create_default_context

    def counted(*arguments, **options):
        read.append(options)
        return create(*arguments, **options)

    monkeypatch.setattr(ssl, "create_default_context", counted)
    return read


@pytest.fixture
def make():
    class Own(Connection):
        _create_ssl_ctx = getattr(Connection._create_ssl_ctx, "__wrapped__", Connection._create_ssl_ctx)

    tls_contexts.share(Own)
    tls_contexts.share(Own)
    connection = object.__new__(Own)
    connection._closed = True
    return connection._create_ssl_ctx


def test_connections_with_the_same_options_share_a_context(make, authorities):
    assert make({}) is make({})
    assert make({"verify_mode": True}) is make({"verify_mode": True})
    assert make({}).verify_mode is ssl.CERT_NONE
    assert make({"verify_mode": True}).verify_mode is ssl.CERT_REQUIRED
    assert len(authorities) == 2


def test_a_context_of_the_callers_own_is_used_as_it_is(make):
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert make(own) is own


def test_a_renewed_certificate_counts_for_the_next_connection(make, tmp_path):
    file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(file)
    first = make({"ca": str(file)})
    assert make({"ca": str(file)}) is first
    trustme.CA().cert_pem.write_to_path(file)
    os.utime(file, (1, 1))
    renewed = make({"ca": str(file)})
    assert renewed is not first
    assert renewed.get_ca_certs() != first.get_ca_certs()


def test_a_missing_file_is_an_error_each_time(make):
    for _ in range(2):
        with pytest.raises(OSError, match="No such file"):
            make({"ca": "/nowhere/ca.pem"})


@pytest.mark.slow
def test_many_connections_read_authorities_once_at_most(authorities):
    with database_of("mariadb") as url:
        settings = {"SQLALCHEMY_DATABASE_URI": url}
        engine.prepare(settings)
        authorities.clear()
        made = create_engine(url, **settings["SQLALCHEMY_ENGINE_OPTIONS"])
        opened = [made.connect() for _ in range(3)]
        assert len({one.exec_driver_sql("SELECT connection_id()").scalar() for one in opened}) == 3
        for one in opened:
            one.close()
        made.dispose()
    assert len(authorities) <= 1
