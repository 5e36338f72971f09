import pytest

from app import GUNICORN_GIVES_UP, create_app


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SQLALCHEMY_DATABASE_URI", "no address"),
        ("SQLALCHEMY_DATABASE_URI", "oracle+oracledb://nobody@127.0.0.1/x"),
        ("SQLALCHEMY_DATABASE_URI", "nonsense://127.0.0.1/x"),
        ("REDIS_URL", "http://user:secret@127.0.0.1"),
    ],
)
def test_a_refused_start_names_the_setting_in_one_line_and_fails(settings, name, value, capsys):
    with pytest.raises(SystemExit, match=name) as refused:
        create_app({**settings, name: value})
    assert refused.value.code == 1
    printed = capsys.readouterr().err
    assert printed == f"{refused.value}\n"
    assert "secret" not in printed


def test_gunicorn_gives_up_where_the_start_is_refused(settings, monkeypatch):
    monkeypatch.setenv("SERVER_SOFTWARE", "gunicorn/23.0.0")
    with pytest.raises(SystemExit) as refused:
        create_app({**settings, "CODE_PEPPER": ""})
    assert refused.value.code == GUNICORN_GIVES_UP
    arbiter = pytest.importorskip("gunicorn.arbiter")
    assert arbiter.Arbiter.APP_LOAD_ERROR == GUNICORN_GIVES_UP
