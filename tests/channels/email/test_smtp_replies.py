"""What replies of mail servers say; the texts are those of the real servers."""

import pytest

from channels.email.smtp_replies import queue_id


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2.0.0 Ok: queued as 4XyZ1b2c3dz9rxQ", "4XyZ1b2c3dz9rxQ"),  # Postfix
        ("OK id=1tGHxy-000000005vi-0000", "1tGHxy-000000005vi-0000"),  # Exim
        ("Requested mail action okay, completed: id=0LrNzZ-1tYb1W0Qlv-0135Mr", "0LrNzZ-1tYb1W0Qlv-0135Mr"),
        ("2.0.0 2b817e82 Message accepted for delivery", "2b817e82"),  # OpenSMTPD
        ("2.0.0 3AB12CD3012345 Message accepted for delivery", "3AB12CD3012345"),  # sendmail
        (
            "Ok 010001652ff6b3bf-6e9d6cf0-8e2d-4a5e-8c3c-2fe9cd7e9e5e-000000",
            "010001652ff6b3bf-6e9d6cf0-8e2d-4a5e-8c3c-2fe9cd7e9e5e-000000",
        ),
        (
            "2.6.0 <ab12@x.org> [InternalId=37529061859328, Hostname=AM0PR01MB1.eurprd01.prod.outlook.com]"
            " 9210 bytes in 0.108, 82.7 KB/sec Queued mail for delivery",
            "37529061859328",
        ),
        (
            "2.0.0 OK  1700000000 d9443c01a7336-1cf2bc0a1b2sm45.12 - gsmtp",
            "d9443c01a7336-1cf2bc0a1b2sm45.12",
        ),
        (
            "2.0.0 OK DMARC:Quarantine 1700000000 2adb3069b0e04-50bd7c.77 - gsmtp",
            "2adb3069b0e04-50bd7c.77",
        ),
        ("ok 1186212922 qp 12345", "12345"),  # qmail
        ("Message Queued (9C5F2D3E-1B2A-4C3D-8E9F-0A1B2C3D4E5F.1)", "9C5F2D3E-1B2A-4C3D-8E9F-0A1B2C3D4E5F.1"),
        ("2.0.0 Message queued with id 1a2b3c4d.", "1a2b3c4d"),  # Stalwart
        ("Mail OK queued as smtp5,D8CowAD3b4xz.12345S2 1700000000", "smtp5,D8CowAD3b4xz.12345S2"),  # NetEase
        ("Data Ok: queued as freedom ###envid=148316944", "148316944"),  # Alibaba Cloud
        (
            "2.0.0 Ok: queued on mail-51.iva.yp-c.yandex.net 1699273437-bHO1jYGdAOs0",
            "1699273437-bHO1jYGdAOs0",
        ),
        ("Ok: queued as <202411290001.AB1@relay.example.org>", "202411290001.AB1@relay.example.org"),
        ("2.0.0 Message accepted for delivery", None),
        ("OK: queued as.", None),  # Tencent's
        ("Queued (0.031 seconds)", None),  # hMailServer
        ("2.0.0 OK", None),
        ("Great success", None),
        ("valid recipient", None),
        ("", None),
    ],
)
def test_the_servers_own_id_is_found_in_its_words(text, found):
    assert queue_id(text.encode()) == found
